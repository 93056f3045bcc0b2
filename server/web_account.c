/* SPDX-License-Identifier: Apache-2.0 */
/* The account's page: places for the script that signs in, for the server keeps no sessions. */
#include "web.h"

void web_account(struct request *request)
{
	struct html h;
	page_begin(&h, request, &(struct page_head){.title = WPKG_LIT("Account")});
	html_word(&h, "h1", "Account");
	html_open(&h, "section");
	html_attr(&h, "id", "account");
	html_open_class(&h, "p", "without-script");
	html_say(&h, "Signing in on this page needs JavaScript. ");
	html_word(&h, "code", "wpkg login");
	html_say(&h, " does the same at a terminal.");
	html_close(&h);
	html_open_class(&h, "form", "stack");
	html_attr(&h, "hidden", "hidden");
	html_attr(&h, "autocomplete", "off");
	html_open(&h, "label");
	html_attr(&h, "for", "token");
	html_say(&h, "Token");
	html_close(&h);
	html_void(&h, "input");
	html_attr(&h, "type", "password");
	html_attr(&h, "id", "token");
	html_attr(&h, "autocomplete", "off");
	html_attr(&h, "required", "required");
	html_attr(&h, "aria-describedby", "token-note");
	html_open_class(&h, "p", "quiet");
	html_attr(&h, "id", "token-note");
	html_say(&h, "It stays in this tab, and goes when the tab is closed.");
	html_close(&h);
	html_word(&h, "button", "Sign in");
	html_close(&h);
	html_open(&h, "output");
	html_close(&h);
	html_close(&h);
	page_end(&h, request);
}
