/* SPDX-License-Identifier: Apache-2.0 */
#include "../unit.h"

#include "../../../server/markdown.h"

static struct wpkg_buf out;

static struct markdown_outcome write_text(const char *text)
{
	struct html h;
	wpkg_buf_clear(&out);
	wpkg_buf_init(&out, (size_t)8 << 20);
	html_init(&h, &out);
	struct markdown_outcome outcome = markdown_write(&h, wpkg_str_from(text), 3);
	ck_assert_uint_eq(h.depth, 0);
	return outcome;
}

static void ck_markdown(const char *text, const char *expected)
{
	write_text(text);
	ck_assert_int_eq(out.failed, WPKG_OK);
	ck_assert_str_eq(wpkg_buf_text(&out), expected);
	wpkg_buf_clear(&out);
}

START_TEST(blocks_become_elements)
{
	ck_markdown("# A\n\nb\nc  \nd\n\n> e\n\n---\n\n    f <g>\n",
		    "<h3>A</h3><p>b\nc<br/>d</p><blockquote><p>e</p></blockquote><hr/>"
		    "<pre tabindex=\"0\"><code>f &lt;g&gt;\n</code></pre>");
	ck_markdown("3. a\n4. b\n", "<ol start=\"3\"><li><span>a</span> </li>"
				    "<li><span>b</span> </li></ol>");
	ck_markdown("- a\n\n- b\n", "<ul><li><p>a</p></li><li><p>b</p></li></ul>");
}
END_TEST

START_TEST(inlines_become_elements)
{
	ck_markdown("*a* **b** `c<d`", "<p><em>a</em> <strong>b</strong> <code>c&lt;d</code></p>");
}
END_TEST

START_TEST(headings_leave_no_level_out)
{
	ck_markdown("#### A\n# B\n###### C\n", "<h3>A</h3><h3>B</h3><h4>C</h4>");
}
END_TEST

START_TEST(links_lead_to_pages_and_mail_alone)
{
	ck_markdown("[a](https://x.example/?b&c) [d](JAVASCRIPT:alert(1)) [e](/f) <mailto:a@b.c>",
		    "<p><a href=\"https://x.example/?b&amp;c\" rel=\"nofollow noopener ugc\">a</a> "
		    "<span>d</span> <span>e</span> "
		    "<a href=\"mailto:a@b.c\" rel=\"nofollow noopener ugc\">mailto:a@b.c</a></p>");
	ck_markdown("[a](&#106;avascript:alert) [b](java&#10;script:x)",
		    "<p><span>a</span> <span>b</span></p>");
}
END_TEST

START_TEST(images_become_links)
{
	ck_markdown("![a](http://x.example/i.png)",
		    "<p><a href=\"http://x.example/i.png\" rel=\"nofollow noopener ugc\">Image: "
		    "a</a></p>");
	ck_markdown("[![a](http://x.example/i.png)](http://y.example)",
		    "<p><a href=\"http://y.example\" rel=\"nofollow noopener ugc\">"
		    "<span>Image: a</span></a></p>");
}
END_TEST

START_TEST(raw_html_is_left_out_and_that_is_said)
{
	ck_assert(write_text("<script>x</script>\n\na <b onclick=x>c</b>").left_out_html);
	ck_assert_str_eq(wpkg_buf_text(&out), "<p>a c</p>");
	ck_assert(!write_text("a").left_out_html);
	wpkg_buf_clear(&out);
}
END_TEST

static const char *repeated(const char *text, size_t count)
{
	static struct wpkg_buf buf;
	wpkg_buf_clear(&buf);
	wpkg_buf_init(&buf, (size_t)4 << 20);
	for (size_t i = 0; i < count; i++)
		wpkg_buf_append_text(&buf, text);
	return wpkg_buf_text(&buf);
}

START_TEST(what_would_take_long_stands_as_it_is)
{
	ck_assert(write_text(repeated("> ", 100)).is_plain);
	ck_assert(write_text(repeated("- ", 100)).is_plain);
	ck_assert(write_text(repeated("[", 2000)).is_plain);
	ck_assert(!write_text(repeated("- [a](b)\n", 3000)).is_plain);
	ck_assert(!write_text(repeated("----------", 50)).is_plain);
	ck_assert(!write_text(repeated("> ", 20)).is_plain);
	wpkg_buf_clear(&out);
}
END_TEST

/* Emphasis in emphasis: deeper than elements are written, and than html.h takes. */
START_TEST(depth_is_flattened)
{
	ck_assert(!write_text(repeated("*a **b ", 300)).is_plain);
	struct wpkg_buf text;
	wpkg_buf_init(&text, 65536);
	for (unsigned i = 0; i < 200; i++)
		wpkg_buf_append_text(&text, i % 2 ? "_a" : " *a");
	for (unsigned i = 200; i > 0; i--)
		wpkg_buf_append_text(&text, i % 2 ? "a* " : "a_ ");
	write_text(wpkg_buf_text(&text));
	ck_assert_int_eq(out.failed, WPKG_OK);
	wpkg_buf_clear(&text);
	wpkg_buf_clear(&out);
}
END_TEST

/* Without memory a text stands as it is; what is short of the buffer's own is the buffer's
 * failure. */
START_TEST(each_lost_allocation_leaves_a_whole_page)
{
	const char *text = "# A\n\n[b](https://c.example) *d*\n\n- e\n";
	for (unsigned n = 0; n < 200; n++) {
		wpkg_mem_fail_at(n);
		struct markdown_outcome outcome = write_text(text);
		bool failed = wpkg_mem_fail_reached();
		wpkg_mem_fail_never();
		ck_assert(outcome.is_plain || out.failed != WPKG_OK || !failed);
		wpkg_buf_clear(&out);
		if (!failed)
			return;
	}
	ck_abort_msg("it never had enough memory");
}
END_TEST

UNIT_MAIN(blocks_become_elements, inlines_become_elements, headings_leave_no_level_out,
	  links_lead_to_pages_and_mail_alone, images_become_links,
	  raw_html_is_left_out_and_that_is_said, what_would_take_long_stands_as_it_is,
	  depth_is_flattened, each_lost_allocation_leaves_a_whole_page)
