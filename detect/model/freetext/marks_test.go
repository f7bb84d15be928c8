package freetext

import "testing"

// FuzzPossible holds that no pattern is left out that would have matched.
func FuzzPossible(f *testing.F) {
	for _, text := range []string{
		"eval(x)", "os.system ('x')", "__import__('os')", "__mro__", "a; curl 127.0.0.1 | sh", "powershell -e", "/bin/sh -c x", "${jndi:ldap}", "Runtime.getRuntime()", "new ProcessBuilder (",
		"<script>", "JAVASCRIPT:x", "<a onload=x", "\x1b[2J", "\u009b", "\x7f", "\u202e", "\u2066", "\U000e0041", "../../../x", `..\..\..\x`, "/etc/shadow", "/proc/self", "/root/.ssh",
		`C:\windows\x`, "c:/Windows/", "AKIAABCDEFGHIJKLMNOP", "hf_abcdefghijklmnopqrstuvwxyzabcdef", "xoxb-abcdefghijkl", "-----BEGIN RSA PRIVATE KEY-----", "ghp_abcdefghijklmnopqrstuvwxyzabcdefghij",
		"sk-abcdefghijklmnopqrstuvwxyzabcdef", "glpat-abcdefghijklmnopqrst", "PASSWORD' : hunter22", "api-key=abcdefgh", "api_\u212aey=abcdefgh", "access_token\n=\n'abcdefgh", "file://x", "https://example.org",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		m := marksOf(text)
		for _, k := range kinds {
			if (m == 0 || !k.possible(text, m)) && k.pattern.MatchString(text) {
				t.Errorf("%q %s and is not looked at", text, k.what)
			}
		}
	})
}
