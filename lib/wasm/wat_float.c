/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Floating-point numbers from text, rounded to the nearest, ties to even.
 *
 * Whatever the notation, a number becomes 64 bits of mantissa, whether anything but zeros was cut
 * off behind them, and an exponent of two; one function rounds that. Hexadecimal digits give it
 * directly. Decimal ones go by way of an integer of many words, which holds the number times a
 * power of two that leaves enough bits even of the least number there is; it is divided by powers
 * of ten a word at a time, and what the divisions leave is part of what was cut off.
 */
#include <string.h>

#include "wasm/wat_literal.h"

/* Bits of the format. */
struct format {
	unsigned bits;	   /* of all */
	unsigned mantissa; /* with the leading one */
	int exponent_min;  /* of normal numbers */
	int exponent_max;
};

static const struct format binary32 = {32, 24, -126, 127};
static const struct format binary64 = {64, 53, -1022, 1023};

/* mantissa * 2^exponent; is_more: and a bit more than that. */
struct number {
	uint64_t mantissa;
	int64_t exponent;
	bool is_more;
};

/* mantissa >> drop to the nearest; drop is at least 1. */
static uint64_t round_off(uint64_t mantissa, int64_t drop, bool is_more)
{
	if (drop > 64)
		return 0;
	uint64_t kept = drop == 64 ? 0 : mantissa >> drop;
	uint64_t cut = drop == 64 ? mantissa : mantissa & ((UINT64_C(1) << drop) - 1);
	uint64_t half = UINT64_C(1) << (drop - 1);
	bool up = cut > half || (cut == half && (is_more || (kept & 1)));
	return kept + up;
}

/* The format's bits; a carry out of the mantissa raises the exponent by itself. */
static enum wat_literal encode(uint64_t *out, struct number number, const struct format *format)
{
	if (number.mantissa == 0) {
		*out = 0;
		return WAT_LITERAL_GOOD;
	}
	int shift = __builtin_clzll(number.mantissa);
	number.mantissa <<= shift;
	int64_t exponent = number.exponent - shift + 63; /* of the leading bit */
	if (exponent > format->exponent_max)
		return WAT_LITERAL_RANGE;
	bool is_normal = exponent >= format->exponent_min;
	int64_t drop = 64 - (int64_t)format->mantissa;
	if (!is_normal)
		drop += format->exponent_min - exponent;
	uint64_t bits = round_off(number.mantissa, drop, number.is_more);
	if (is_normal) /* the leading one of the mantissa adds 1 to the exponent's field */
		bits += (uint64_t)(exponent - format->exponent_min) << (format->mantissa - 1);
	uint64_t infinity = (UINT64_C(2) << (format->bits - format->mantissa - 1)) - 1;
	if (bits >= infinity << (format->mantissa - 1))
		return WAT_LITERAL_RANGE;
	*out = bits;
	return WAT_LITERAL_GOOD;
}

/* The notation: digits, fraction and exponent, with underscores between digits. */
struct notation {
	struct wpkg_str whole, fraction;
	int64_t exponent; /* of two or ten; cut to what is far beyond every format */
};

static size_t digits_length(struct wpkg_str text, bool is_hex)
{
	size_t at = 0;
	bool was_digit = false;
	for (; at < text.len; at++) {
		char byte = text.ptr[at];
		char lower = (char)(byte | 0x20);
		bool is_digit =
			(byte >= '0' && byte <= '9') || (is_hex && lower >= 'a' && lower <= 'f');
		if (!is_digit && !(byte == '_' && was_digit))
			break;
		was_digit = is_digit;
	}
	return at > 0 && !was_digit ? 0 : at; /* an underscore at the end is malformed */
}

static bool parse_exponent(int64_t *out, struct wpkg_str text)
{
	bool is_negative = wpkg_str_starts(text, WPKG_LIT("-"));
	bool is_signed = is_negative || wpkg_str_starts(text, WPKG_LIT("+"));
	int64_t value = 0;
	text = wpkg_str_from_offset(text, is_signed);
	if (text.len == 0 || digits_length(text, false) != text.len)
		return false;
	for (size_t i = 0; i < text.len; i++)
		if (text.ptr[i] != '_' && value < INT64_C(1) << 40)
			value = value * 10 + (text.ptr[i] - '0');
	*out = is_negative ? -value : value;
	return true;
}

static bool parse_notation(struct notation *out, struct wpkg_str text, bool is_hex)
{
	size_t length = digits_length(text, is_hex);
	if (length == 0)
		return false;
	*out = (struct notation){.whole = wpkg_str_slice(text, 0, length)};
	text = wpkg_str_from_offset(text, length);
	if (wpkg_str_starts(text, WPKG_LIT("."))) {
		text = wpkg_str_from_offset(text, 1);
		length = digits_length(text, is_hex);
		out->fraction = wpkg_str_slice(text, 0, length);
		text = wpkg_str_from_offset(text, length);
	}
	if (text.len == 0)
		return true;
	char letter = (char)(text.ptr[0] | 0x20);
	return letter == (is_hex ? 'p' : 'e') &&
	       parse_exponent(&out->exponent, wpkg_str_from_offset(text, 1));
}

/* Hexadecimal. */

static void take_hex(struct number *number, struct wpkg_str digits, bool is_fraction)
{
	for (size_t i = 0; i < digits.len; i++) {
		if (digits.ptr[i] == '_')
			continue;
		uint32_t digit = wat_hex_digit(digits.ptr[i]);
		bool fits = number->mantissa >> 60 == 0;
		if (fits)
			number->mantissa = number->mantissa << 4 | digit;
		else if (digit != 0)
			number->is_more = true;
		if (fits && is_fraction)
			number->exponent -= 4;
		else if (!fits && !is_fraction)
			number->exponent += 4;
	}
}

static struct number from_hex(const struct notation *notation)
{
	struct number number = {.exponent = notation->exponent};
	take_hex(&number, notation->whole, false);
	take_hex(&number, notation->fraction, true);
	return number;
}

/* Decimal. */

/*
 * No number half way between two of a binary64 has more significant digits than 767; of what comes
 * behind DIGITS_MAX it only counts whether it is zero.
 */
#define DIGITS_MAX 800
#define FRACTION_WORDS 36 /* 1,152 bits: the least binary64 is 2^-1074 */
#define WORDS_MAX (FRACTION_WORDS + 90)
#define TENS 1000000000u /* 10^9: the greatest power of ten in a word */

/* A natural number, the lowest word first. */
struct natural {
	uint32_t words[WORDS_MAX];
	unsigned count;
};

static void multiply_add(struct natural *n, uint32_t factor, uint32_t add)
{
	uint64_t carry = add;
	for (unsigned i = 0; i < n->count; i++) {
		carry += (uint64_t)n->words[i] * factor;
		n->words[i] = (uint32_t)carry;
		carry >>= 32;
	}
	if (carry && n->count < WORDS_MAX)
		n->words[n->count++] = (uint32_t)carry;
}

/* The remainder. */
static uint32_t divide(struct natural *n, uint32_t divisor)
{
	uint64_t rest = 0;
	for (unsigned i = n->count; i-- > 0;) {
		rest = rest << 32 | n->words[i];
		n->words[i] = (uint32_t)(rest / divisor);
		rest %= divisor;
	}
	while (n->count > 0 && n->words[n->count - 1] == 0)
		n->count--;
	return (uint32_t)rest;
}

static uint32_t power_of_ten(int64_t exponent)
{
	uint32_t power = 1;
	for (; exponent > 0; exponent--)
		power *= 10;
	return power;
}

/* Significant digits as a natural number, and the power of ten that it counts. */
struct decimal {
	struct natural digits;
	unsigned count;
	int64_t exponent;
	bool is_more;
};

static void take_decimal(struct decimal *d, struct wpkg_str digits, bool is_fraction)
{
	for (size_t i = 0; i < digits.len; i++) {
		if (digits.ptr[i] == '_')
			continue;
		uint32_t digit = (uint32_t)(digits.ptr[i] - '0');
		bool fits = d->count < DIGITS_MAX;
		if (fits && (digit != 0 || d->count > 0)) {
			multiply_add(&d->digits, 10, digit);
			d->count++;
		}
		if (!fits && digit != 0)
			d->is_more = true;
		if (fits && is_fraction)
			d->exponent--;
		else if (!fits && !is_fraction)
			d->exponent++;
	}
}

/* The upper 64 bits of a number that counts 2^exponent. */
static struct number upper_bits(const struct natural *n, int64_t exponent, bool is_more)
{
	struct number number = {.exponent = exponent, .is_more = is_more};
	unsigned taken = n->count < 2 ? n->count : 2;
	for (unsigned i = n->count; i-- > n->count - taken;)
		number.mantissa = number.mantissa << 32 | n->words[i];
	if (taken < n->count) {
		/* The top word may begin with zeros: fill up from the third. */
		int shift = __builtin_clzll(number.mantissa);
		uint32_t third = n->words[n->count - 3];
		if (shift > 0)
			number.mantissa = number.mantissa << shift | third >> (32 - shift);
		number.exponent += 32 * (int64_t)(n->count - 2) - shift;
		number.is_more = number.is_more || (uint32_t)((uint64_t)third << shift) != 0;
		for (unsigned i = 0; i + 3 < n->count; i++)
			number.is_more = number.is_more || n->words[i] != 0;
	}
	return number;
}

/* What is beyond every format's range becomes zero or a power of two that none holds. */
static struct number from_decimal(const struct notation *notation)
{
	struct decimal d = {.exponent = notation->exponent};
	take_decimal(&d, notation->whole, false);
	take_decimal(&d, notation->fraction, true);
	int64_t magnitude = d.exponent + d.count; /* below 10^magnitude */
	if (d.count == 0 || magnitude < -330)
		return (struct number){0};
	if (magnitude > 310)
		return (struct number){.mantissa = 1, .exponent = 2000};
	if (d.exponent >= 0) {
		for (int64_t left = d.exponent; left > 0; left -= 9)
			multiply_add(&d.digits, left < 9 ? power_of_ten(left) : TENS, 0);
		return upper_bits(&d.digits, 0, d.is_more);
	}
	memmove(d.digits.words + FRACTION_WORDS, d.digits.words,
		d.digits.count * sizeof(d.digits.words[0]));
	memset(d.digits.words, 0, FRACTION_WORDS * sizeof(d.digits.words[0]));
	d.digits.count += FRACTION_WORDS;
	for (int64_t left = -d.exponent; left > 0; left -= 9)
		if (divide(&d.digits, left < 9 ? power_of_ten(left) : TENS) != 0)
			d.is_more = true;
	return upper_bits(&d.digits, -32 * (int64_t)FRACTION_WORDS, d.is_more);
}

/* "inf", "nan", "nan:0x..." */
static enum wat_literal parse_special(uint64_t *out, struct wpkg_str text,
				      const struct format *format)
{
	unsigned fraction = format->mantissa - 1;
	uint64_t infinity = ((UINT64_C(2) << (format->bits - format->mantissa - 1)) - 1)
			    << fraction;
	uint64_t payload = 0;
	if (wpkg_str_equal_text(text, "inf")) {
		*out = infinity;
		return WAT_LITERAL_GOOD;
	}
	if (wpkg_str_equal_text(text, "nan")) {
		*out = infinity | UINT64_C(1) << (fraction - 1);
		return WAT_LITERAL_GOOD;
	}
	if (!wpkg_str_starts(text, WPKG_LIT("nan:0x")))
		return WAT_LITERAL_MALFORMED;
	enum wat_literal found = wat_literal_unsigned(&payload, wpkg_str_from_offset(text, 4),
						      (UINT64_C(1) << fraction) - 1);
	if (found == WAT_LITERAL_GOOD && payload == 0)
		return WAT_LITERAL_RANGE;
	if (found == WAT_LITERAL_GOOD)
		*out = infinity | payload;
	return found;
}

enum wat_literal wat_literal_float(uint64_t *out, struct wpkg_str text, unsigned bits)
{
	const struct format *format = bits == 32 ? &binary32 : &binary64;
	bool is_negative = wpkg_str_starts(text, WPKG_LIT("-"));
	bool is_signed = is_negative || wpkg_str_starts(text, WPKG_LIT("+"));
	text = wpkg_str_from_offset(text, is_signed);
	uint64_t value = 0;
	enum wat_literal found;
	struct notation notation;
	if (text.len > 0 && (text.ptr[0] == 'i' || text.ptr[0] == 'n')) {
		found = parse_special(&value, text, format);
	} else {
		bool is_hex = wpkg_str_starts(text, WPKG_LIT("0x"));
		if (!parse_notation(&notation, wpkg_str_from_offset(text, is_hex ? 2 : 0), is_hex))
			return WAT_LITERAL_MALFORMED;
		found = encode(&value, is_hex ? from_hex(&notation) : from_decimal(&notation),
			       format);
	}
	if (found == WAT_LITERAL_GOOD)
		*out = value | (uint64_t)is_negative << (format->bits - 1);
	return found;
}
