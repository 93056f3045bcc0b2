// SPDX-License-Identifier: Apache-2.0

// Renders a chart's templates as Helm does: with Go's text/template, all of a chart in one set,
// each file by its path. The functions are those that our chart calls, with Helm's meaning.
//
//	render CHART <VALUES.json
//
// VALUES.json is what a template sees as its dot, without .Template. Each file that comes to more than
// white space is printed after a line "---" and its path.
package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"sort"
	"strings"
	"text/template"
)

func fail(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func isEmpty(value any) bool {
	v := reflect.ValueOf(value)
	if !v.IsValid() {
		return true
	}
	switch v.Kind() {
	case reflect.Map, reflect.Slice, reflect.String:
		return v.Len() == 0
	}
	return v.IsZero()
}

func functions(set *template.Template) template.FuncMap {
	return template.FuncMap{
		"include": func(name string, dot any) (string, error) {
			var out bytes.Buffer
			err := set.ExecuteTemplate(&out, name, dot)
			return out.String(), err
		},
		"default": func(other, value any) any {
			if isEmpty(value) {
				return other
			}
			return value
		},
		"quote": func(value any) string { return fmt.Sprintf("%q", fmt.Sprint(value)) },
		"lower": strings.ToLower,
		"nindent": func(spaces int, text string) string {
			margin := strings.Repeat(" ", spaces)
			return "\n" + margin + strings.ReplaceAll(text, "\n", "\n"+margin)
		},
		"trunc": func(length int, text string) string {
			if len(text) > length {
				return text[:length]
			}
			return text
		},
		"trimSuffix": func(suffix, text string) string { return strings.TrimSuffix(text, suffix) },
		"sha256sum":  func(text string) string { return fmt.Sprintf("%x", sha256.Sum256([]byte(text))) },
		"toJson": func(value any) (string, error) {
			text, err := json.Marshal(value)
			return string(text), err
		},
	}
}

func main() {
	chart := os.Args[1]
	var dot map[string]any
	fail(json.NewDecoder(os.Stdin).Decode(&dot))
	set := template.New("chart")
	set.Funcs(functions(set))
	base := filepath.Base(chart) + "/templates"
	paths, err := filepath.Glob(filepath.Join(chart, "templates", "*"))
	fail(err)
	sort.Strings(paths)
	for _, path := range paths {
		text, err := os.ReadFile(path)
		fail(err)
		_, err = set.New(base + "/" + filepath.Base(path)).Parse(string(text))
		fail(err)
	}
	for _, path := range paths {
		if strings.HasPrefix(filepath.Base(path), "_") {
			continue
		}
		name := base + "/" + filepath.Base(path)
		dot["Template"] = map[string]any{"BasePath": base, "Name": name}
		var out bytes.Buffer
		fail(set.ExecuteTemplate(&out, name, dot))
		if text := strings.TrimSpace(out.String()); text != "" {
			fmt.Printf("---\n# Source: %s\n%s\n", name, text)
		}
	}
}
