package s3

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"net/url"
	"sort"
	"strings"
	"time"
)

// emptyHash is the SHA-256 of no body, because every request here is a GET or a HEAD.
const emptyHash = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

// Credentials are the keys of an account. The zero value asks anonymously.
type Credentials struct {
	AccessKey, SecretKey, Session string
	// Bearer is a token of OAuth 2, which Google's interface takes in place of keys.
	Bearer string
}

// sign adds a signature of version 4 (AWS Signature Version 4, header form) for a request without a body.
func (c Credentials) sign(r *http.Request, region string, now time.Time) {
	if c.Bearer != "" {
		r.Header.Set("Authorization", "Bearer "+c.Bearer)
		return
	}
	if c.AccessKey == "" {
		return
	}
	stamp := now.UTC().Format("20060102T150405Z")
	scope := stamp[:8] + "/" + region + "/s3/aws4_request"
	r.Header.Set("X-Amz-Date", stamp)
	r.Header.Set("X-Amz-Content-Sha256", emptyHash)
	if c.Session != "" {
		r.Header.Set("X-Amz-Security-Token", c.Session)
	}
	signed := map[string]string{"host": r.URL.Host}
	for name := range r.Header {
		if lower := strings.ToLower(name); strings.HasPrefix(lower, "x-amz-") {
			signed[lower] = strings.TrimSpace(r.Header.Get(name))
		}
	}
	var names []string
	for name := range signed {
		names = append(names, name)
	}
	sort.Strings(names)
	var canonical strings.Builder
	canonical.WriteString(r.Method + "\n" + r.URL.EscapedPath() + "\n" + query(r.URL.Query()) + "\n")
	for _, name := range names {
		canonical.WriteString(name + ":" + signed[name] + "\n")
	}
	list := strings.Join(names, ";")
	canonical.WriteString("\n" + list + "\n" + emptyHash)
	digest := sha256.Sum256([]byte(canonical.String()))
	key := []byte("AWS4" + c.SecretKey)
	for _, part := range []string{stamp[:8], region, "s3", "aws4_request"} {
		key = mac(key, part)
	}
	signature := mac(key, "AWS4-HMAC-SHA256\n"+stamp+"\n"+scope+"\n"+hex.EncodeToString(digest[:]))
	r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential="+c.AccessKey+"/"+scope+", SignedHeaders="+list+
		", Signature="+hex.EncodeToString(signature))
}

// mac is HMAC-SHA-256.
func mac(key []byte, text string) []byte {
	h := hmac.New(sha256.New, key)
	h.Write([]byte(text))
	return h.Sum(nil)
}

// query writes parameters sorted, and escaped as the signature wants them.
func query(v url.Values) string {
	var parts []string
	for name, values := range v {
		for _, value := range values {
			parts = append(parts, escape(name, false)+"="+escape(value, false))
		}
	}
	sort.Strings(parts)
	return strings.Join(parts, "&")
}

// escape escapes every byte but the unreserved ones of RFC 3986, and slashes where they divide a path.
func escape(s string, path bool) string {
	const hexDigits = "0123456789ABCDEF"
	var b strings.Builder
	for i := range len(s) {
		c := s[i]
		if 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || strings.IndexByte("-._~", c) >= 0 || path && c == '/' {
			b.WriteByte(c)
			continue
		}
		b.Write([]byte{'%', hexDigits[c>>4], hexDigits[c&15]})
	}
	return b.String()
}
