package parity

import (
	"fmt"
	"slices"
	"strings"
)

// page is the map, behind its head.
func (p *Lists) page(head string, shown, tests map[string][]string) string {
	var b strings.Builder
	b.WriteString(head)
	reasons := make(map[string]string)
	for _, r := range p.reasons {
		reasons[r.id] = r.text
	}
	for _, l := range p.lists {
		fmt.Fprintf(&b, "\n## %s\n\n| row | Go | shown by | where Go differs |\n|---|---|---|---|\n", l.title)
		for _, r := range l.rows {
			by := testNames(shown[r.id])
			if by == "" && reasons[r.id] != "" {
				by = "see reasons"
			}
			fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", r.id, code(r.symbols), by, cell(r.word))
		}
	}
	if len(p.reasons) > 0 {
		b.WriteString("\n## Reasons\n\n| row | what beat it |\n|---|---|\n")
	}
	for _, r := range p.reasons {
		fmt.Fprintf(&b, "| %s | %s |\n", r.id, cell(r.text))
	}
	if len(p.behaviours) > 0 {
		b.WriteString("\n## Behaviours\n")
	}
	for _, area := range p.areas() {
		var rows []string
		for _, e := range p.behaviours {
			by := testNames(tests[e.id])
			if by == "" && reasons[e.id] != "" {
				by = "see reasons"
			}
			if e.text == area {
				rows = append(rows, fmt.Sprintf("| %s | %s |\n", e.id, by))
			}
		}
		fmt.Fprintf(&b, "\n### %s\n\n| row | test |\n|---|---|\n%s", area, strings.Join(rows, ""))
	}
	return b.String()
}

// maxNames is how many tests a cell names.
const maxNames = 2

func testNames(names []string) string {
	names = slices.Compact(slices.Sorted(slices.Values(names)))
	more := ""
	if len(names) > maxNames {
		more = fmt.Sprintf(" and %d more", len(names)-maxNames)
		names = names[:maxNames]
	}
	return code(names) + more
}

func code(words []string) string {
	var out []string
	for _, w := range words {
		out = append(out, "`"+w+"`")
	}
	return strings.Join(out, ", ")
}

func cell(s string) string { return strings.ReplaceAll(s, "|", `\|`) }
