package policy

import (
	"bytes"
	"fmt"
	"reflect"
	"strings"
)

// referenceHead explains the form of a policy.
const referenceHead = "# Policies\n\nA policy is a YAML file. Each rule has a condition in the Common Expression Language (CEL) that must hold; " +
	"every error denies.\n\n| key of a rule | meaning |\n|---|---|\n" +
	"| `id` | lower-case words joined by `-` or `.` |\n" +
	"| `when` | CEL, true where the rule applies (optional: it always does) |\n" +
	"| `require` | CEL, true when the rule holds |\n" +
	"| `warn` | CEL, true for what is to be said although the rule holds (optional; a rule may have it without `require`) |\n" +
	"| `message` | what is wrong when it does not hold |\n" +
	"| `warning` | what to say when `warn` is true (optional: the message) |\n" +
	"| `remedy` | the command or step that fixes it; `{path}` stands for the content |\n" +
	"| `owner` | who can fix it (optional) |\n| `detail` | CEL that gives a text with the facts behind it (optional) |\n" +
	"| `severity`, `description` | for people (optional) |\n\n"

// Reference is the documentation of what conditions can ask for, in Markdown, generated from the types of the facts.
func Reference() []byte {
	var b bytes.Buffer
	b.WriteString(referenceHead)
	b.WriteString("Before every policy stand conditions that nothing turns off and no exception lifts:\n\n| condition | holds when |\n|---|---|\n")
	for _, g := range Builtins() {
		fmt.Fprintf(&b, "| `%s` | %s |\n", g.ID, g.Description)
	}
	b.WriteString("\n## Variables\n\nOnly claims that count are in the lists of their kind. Decisions of gates are in no list.\n\n" +
		"| variable | type | meaning |\n|---|---|---|\n")
	for _, v := range variables() {
		fmt.Fprintf(&b, "| `%s` | %s | %s |\n", v.name, typeName(reflect.TypeOf(v.get(&Facts{}))), v.doc)
	}
	fmt.Fprintf(&b, "\n## Levels and functions\n\nThe levels of impact are numbers with names, in this order: `%s`. Nobody declared `%s`, which is not the same as `%s`.\n\n"+
		"| function | gives |\n|---|---|\n", strings.Join(levels(), "`, `"), Undeclared, None)
	for _, f := range functions() {
		fmt.Fprintf(&b, "| `%s` | %s |\n", f.signature, f.doc)
	}
	for _, t := range factTypes() {
		fmt.Fprintf(&b, "\n## %s\n\n| field | type | meaning |\n|---|---|---|\n", strings.ToLower(t.Name()))
		for _, f := range reflect.VisibleFields(t) {
			if name := f.Tag.Get("cel"); name != "" {
				fmt.Fprintf(&b, "| `%s` | %s | %s |\n", name, typeName(f.Type), f.Tag.Get("doc"))
			}
		}
	}
	return b.Bytes()
}

// typeName names a Go type as CEL does, with a link to types that are described.
func typeName(t reflect.Type) string {
	switch {
	case t.Kind() == reflect.Slice:
		return "list of " + typeName(t.Elem())
	case t == timeType:
		return "timestamp"
	case t == durationType:
		return "duration"
	case t.Kind() == reflect.Struct:
		return fmt.Sprintf("[%s](#%s)", t.Name(), strings.ToLower(t.Name()))
	case t.Kind() == reflect.Int64:
		return "int"
	case t.Kind() == reflect.Float64:
		return "double"
	}
	return t.Kind().String()
}
