package policy

import (
	"bytes"
	"fmt"
	"reflect"
	"strings"
)

// Reference is the documentation of what conditions can ask for, in Markdown, generated from the types of the facts.
func Reference() []byte {
	var b bytes.Buffer
	b.WriteString("# Policies\n\nA policy is a YAML file. Each rule has a condition in the Common Expression Language (CEL) that must hold; " +
		"every error denies.\n\n| key of a rule | meaning |\n|---|---|\n" +
		"| `id` | lower-case words joined by `-` or `.` |\n| `require` | CEL, true when the rule holds |\n" +
		"| `message` | what is wrong when it does not |\n| `remedy` | the command or step that fixes it; `{path}` stands for the content |\n" +
		"| `owner` | who can fix it (optional) |\n| `detail` | CEL that gives a text with the facts behind it (optional) |\n" +
		"| `severity`, `description` | for people (optional) |\n\n" +
		"Before every policy stand four conditions that nothing turns off: the content can be hashed (`gate.content`), a scan " +
		"result that counts covers every file (`gate.scan-result`), no trusted key says that the content is malicious (`gate.malicious`), and no claim is damaged " +
		"(`gate.claims`).\n\n## Variables\n\n| variable | type | meaning |\n|---|---|---|\n" +
		"| `artifact` | [Artifact](#artifact) | the content that is decided on |\n" +
		"| `scan` | [Scan](#scan) | the scan result that decides: a malicious one if there is any, else the last; asking for it when there is none denies |\n" +
		"| `scans` | list of [Scan](#scan) | every scan result that counts |\n" +
		"| `signatures` | list of [Signature](#signature) | every model signature that counts |\n" +
		"| `claims` | list of [Claim](#claim) | everything that was found, with the reason why one does not count |\n" +
		"| `now` | timestamp | the time of the decision |\n")
	for _, t := range factTypes() {
		fmt.Fprintf(&b, "\n## %s\n\n| field | type | meaning |\n|---|---|---|\n", strings.ToLower(t.Name()))
		for i := range t.NumField() {
			f := t.Field(i)
			fmt.Fprintf(&b, "| `%s` | %s | %s |\n", f.Tag.Get("cel"), typeName(f.Type), f.Tag.Get("doc"))
		}
	}
	return b.Bytes()
}

// typeName names a Go type as CEL does, with a link to types that are described.
func typeName(t reflect.Type) string {
	switch {
	case t.Kind() == reflect.Slice:
		return "list of " + typeName(t.Elem())
	case t.String() == "time.Time":
		return "timestamp"
	case t.Kind() == reflect.Struct:
		return fmt.Sprintf("[%s](#%s)", t.Name(), strings.ToLower(t.Name()))
	case t.Kind() == reflect.Int64:
		return "int"
	}
	return t.Kind().String()
}
