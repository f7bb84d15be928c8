package keyless

import (
	"strings"
	"testing"
)

// TestTokensStayPrivate: a token is sent to nobody in clear but this machine, and no answer of a service shows it again.
func TestTokensStayPrivate(t *testing.T) {
	for address, ok := range map[string]bool{"http://fulcio.example": false, "https://fulcio.example": true, "http://127.0.0.1:8080": true, "http://[::1]": true} {
		err := Services{Fulcio: address, Rekor: "https://rekor.example", RekorVersion: 1}.check()
		if (err == nil) != ok {
			t.Errorf("%s: %v", address, err)
		}
	}
	const token = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhQGIuYyJ9.c2lnbmF0dXJl"
	if got := withoutTokens("bad token " + token + "!"); strings.Contains(got, "eyJ") || got != "bad token [token]!" {
		t.Errorf("got %q", got)
	}
}
