package s3

import (
	"net/http"
	"strings"
	"testing"
	"time"
)

// TestSign compares with the examples of the documentation of AWS Signature Version 4 for S3.
func TestSign(t *testing.T) {
	c := Credentials{AccessKey: "AKIAIOSFODNN7EXAMPLE", SecretKey: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"}
	at := time.Date(2013, 5, 24, 0, 0, 0, 0, time.UTC)
	for address, want := range map[string]string{
		"https://examplebucket.s3.amazonaws.com/?lifecycle":           "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543",
		"https://examplebucket.s3.amazonaws.com/?max-keys=2&prefix=J": "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7",
	} {
		r, err := http.NewRequest(http.MethodGet, address, nil)
		if err != nil {
			t.Fatal(err)
		}
		c.sign(r, "us-east-1", at)
		if got := r.Header.Get("Authorization"); !strings.HasSuffix(got, "Signature="+want) {
			t.Errorf("%s: %s", address, got)
		}
	}
	r, _ := http.NewRequest(http.MethodGet, "https://x.example/", nil)
	if (Credentials{}).sign(r, "r", at); len(r.Header) != 0 {
		t.Errorf("an anonymous request has headers %v", r.Header)
	}
	c.Session = "token"
	if c.sign(r, "r", at); !strings.Contains(r.Header.Get("Authorization"), "x-amz-security-token") {
		t.Error("the session is not signed")
	}
}
