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
	ck_markdown("![a [b](http://y.example) http://z.example](http://x.example)",
		    "<p><a href=\"http://x.example\" rel=\"nofollow noopener ugc\">Image: "
		    "a <span>b</span> http://z.example</a></p>");
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

#define TABLE "<div class=\"table\" role=\"group\" aria-label=\"Table\" tabindex=\"0\"><table>"
#define HEAD(cells) "<thead><tr>" cells "</tr></thead>"

START_TEST(tables_become_tables)
{
	ck_markdown(
		"| A | *B* |\n|:--|----:|\n| a | [c](http://d.example) |\n| `x\\|y` |\n",
		TABLE HEAD(
			"<th scope=\"col\" class=\"left\">A</th>"
			"<th scope=\"col\" class=\"right\"><em>B</em></th>") "<tbody><tr><td "
									     "class=\"left\">a</"
									     "td><td "
									     "class=\"right\">"
									     "<a "
									     "href=\"http://"
									     "d.example\" "
									     "rel=\"nofollow "
									     "noopener "
									     "ugc\">c</a></td></tr>"
									     "<tr><td "
									     "class=\"left\"><code>"
									     "x|y</code></td><td "
									     "class=\"right\"></"
									     "td></tr>"
									     "</tbody></table></"
									     "div>");
	ck_markdown(
		"A|B\n-|-\n\nend",
		TABLE HEAD("<th scope=\"col\">A</th><th scope=\"col\">B</th>") "</table></"
									       "div><p>end</p>");
}
END_TEST

/* What would begin a block elsewhere is words here; what a cell refers to may stand far away. */
START_TEST(cells_are_words)
{
	ck_markdown(
		"|a|\n|-|\n|# b|\n|[c]: d|\n|[e]|\n|- [x] f|\n|```|\n\n[e]: http://g.example\n",
		TABLE HEAD(
			"<th scope=\"col\">a</th>") "<tbody><tr><td># b</td></tr><tr><td>[c]: "
						    "d</td></tr><tr><td>"
						    "<a href=\"http://g.example\" rel=\"nofollow "
						    "noopener ugc\">e</a></td></tr>"
						    "<tr><td>- [x] "
						    "f</td></tr><tr><td>```</td></tr></tbody></"
						    "table></div>");
	ck_markdown("x\n|a|\n|-|\n|b|c|d|\n> e",
		    "<p>x</p>" TABLE HEAD(
			    "<th scope=\"col\">a</th>") "<tbody><tr><td>b</td></tr></tbody></"
							"table></div>"
							"<blockquote><p>e</p></blockquote>");
}
END_TEST

START_TEST(what_is_no_table_is_none)
{
	ck_markdown("a|b\n-|-|-", "<p>a|b\n-|-|-</p>");
	ck_markdown("a|b\n-", "<h3>a|b</h3>");
	ck_markdown("```\na|b\n-|-\n```\n", "<pre tabindex=\"0\"><code>a|b\n-|-\n</code></pre>");
	ck_markdown("- ~~~\n  a|b\n  -|-\n  ~~~\n",
		    "<ul><li><pre tabindex=\"0\"><code>a|b\n-|-\n</code></pre></li></ul>");
	ck_markdown("    a|b\n    -|-\n", "<pre tabindex=\"0\"><code>a|b\n-|-\n</code></pre>");
}
END_TEST

/* Within HTML that goes on there are no cells; behind it they are what they look like. */
START_TEST(cells_that_html_swallows_are_gone)
{
	ck_assert(write_text("<!--\n\n|a|\n|-|\n|-->|\n|b|\n\n|c|\n|-|\n").left_out_html);
	ck_assert_str_eq(wpkg_buf_text(&out),
			 "<p>b</p>" TABLE HEAD("<th scope=\"col\">c</th>") "</table></div>");
	wpkg_buf_clear(&out);
}
END_TEST

START_TEST(tables_end_where_they_are_too_large)
{
	struct wpkg_buf text;
	wpkg_buf_init(&text, 65536);
	for (unsigned i = 0; i < 60; i++)
		wpkg_buf_append_text(&text, "|a");
	wpkg_buf_append_text(&text, "\n");
	for (unsigned i = 0; i < 60; i++)
		wpkg_buf_append_text(&text, "|-");
	for (unsigned i = 0; i < 10000; i++)
		wpkg_buf_append_text(&text, "\nx");
	ck_assert(!write_text(wpkg_buf_text(&text)).is_plain);
	ck_assert_int_eq(out.failed, WPKG_OK);
	ck_assert_uint_lt(out.len, 20000 * 20 + 2 * text.len);
	wpkg_buf_clear(&text);
	wpkg_buf_clear(&out);
}
END_TEST

START_TEST(words_are_struck_out)
{
	ck_markdown("a ~~b~~ c", "<p>a <del>b</del> c</p>");
	ck_markdown("~~a **b** `c`~~ d", "<p><del>a <strong>b</strong> <code>c</code></del> d</p>");
	ck_markdown("~~a\n\n~~b ~~ c ~~~d~~~", "<p>~~a</p><p>~~b ~~ c ~~~d~~~</p>");
	ck_markdown("**~~a** b~~", "<p><strong>~~a</strong> b~~</p>");
}
END_TEST

#define LINK(address) "<a href=\"" address "\" rel=\"nofollow noopener ugc\">" address "</a>"

START_TEST(addresses_become_links)
{
	ck_markdown(
		"See https://a.example/b_(c), (http://d.example/).",
		"<p>See " LINK("https://a.example/b_(c)") ", (" LINK("http://d.example/") ").</p>");
	ck_markdown("xhttp://a.example http:// https://. `http://a.example`",
		    "<p>xhttp://a.example http:// https://. <code>http://a.example</code></p>");
	ck_markdown("[http://a.example](http://b.example)",
		    "<p><a href=\"http://b.example\" rel=\"nofollow noopener ugc\">"
		    "http://a.example</a></p>");
	ck_markdown("http://a.example/&quot;onclick=1&lt;b",
		    "<p>" LINK("http://a.example/&quot;onclick=1") "&lt;b</p>");
}
END_TEST

#define BOX(label, sign) "<span role=\"img\" aria-label=\"" label "\">" sign "</span> "

START_TEST(items_are_ticked_off)
{
	ck_markdown("- [ ] a\n- [x] b\n- [y] c\n",
		    "<ul><li><span>" BOX(
			    "to do",
			    "\xe2\x98\x90") "a</span> </li>"
					    "<li><span>" BOX("done",
							     "\xe2\x98\x91") "b</span> </li>"
									     "<li><span>[y] "
									     "c</span> </li></ul>");
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
	const char *text = "# A\n\n[b](https://c.example) *d*\n\n- e\n\nf|g\n-|-\nh\n";
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
	  raw_html_is_left_out_and_that_is_said, tables_become_tables, cells_are_words,
	  what_is_no_table_is_none, cells_that_html_swallows_are_gone,
	  tables_end_where_they_are_too_large, words_are_struck_out, addresses_become_links,
	  items_are_ticked_off, what_would_take_long_stands_as_it_is, depth_is_flattened,
	  each_lost_allocation_leaves_a_whole_page)
