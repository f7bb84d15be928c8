package fetch

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"strings"
)

// Status is the error for an answer that is not the one that was asked for.
type Status struct {
	Code   int
	Header http.Header
	Body   string // the first 4 KiB
	At     string // the address, redacted
}

// Error implements error. What the server wrote is left out, because it may be anything; callers that know its form show it.
func (s *Status) Error() string {
	text := fmt.Sprintf("%s answers %d %s", s.At, s.Code, http.StatusText(s.Code))
	if after := s.Header.Get("Retry-After"); after != "" && passing(s.Code) {
		text += fmt.Sprintf(" (it asks to come back after %q)", clip(after, 40))
	}
	return text
}

// clip shortens text from a server.
func clip(s string, n int) string {
	if len(s) > n {
		return s[:n] + "…"
	}
	return s
}

// failure makes the error of a response and closes it.
func failure(resp *http.Response) error {
	head, _ := io.ReadAll(io.LimitReader(resp.Body, 4<<10))
	_ = resp.Body.Close()
	return &Status{Code: resp.StatusCode, Header: resp.Header, Body: string(head), At: Redact(resp.Request.URL)}
}

// Answer is a small answer that was read as a whole.
type Answer struct {
	Body   []byte
	Header http.Header
	URL    *url.URL // where it came from, after redirects
}

// Get reads an answer of up to limit bytes. Any status but 200 is a *Status error.
func (c *Client) Get(ctx context.Context, address string, header http.Header, limit int64) (*Answer, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, errors.New("make request: the address is not a URL")
	}
	maps.Copy(r.Header, header)
	for attempt := 1; ; attempt++ {
		resp, err := c.RoundTrip(r)
		if err != nil {
			return nil, err
		}
		if resp.StatusCode != http.StatusOK {
			return nil, failure(resp)
		}
		var held bytes.Buffer
		n, err := io.CopyN(&held, resp.Body, limit+1)
		_ = resp.Body.Close()
		switch {
		case n > limit:
			return nil, fmt.Errorf("%s answers with more than %d bytes", Redact(resp.Request.URL), limit)
		case errors.Is(err, io.EOF):
			return &Answer{Body: held.Bytes(), Header: resp.Header, URL: resp.Request.URL}, nil
		case attempt >= c.options.Attempts || ctx.Err() != nil:
			return nil, fmt.Errorf("read %s: %w", Redact(resp.Request.URL), err)
		}
		if err := sleep(ctx, c.pause(attempt)); err != nil {
			return nil, err
		}
	}
}

// Post sends a form, once, and reads an answer of up to limit bytes. Any status but 200 is a *Status error.
func (c *Client) Post(ctx context.Context, address string, form url.Values, limit int64) (*Answer, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, address, strings.NewReader(form.Encode()))
	if err != nil {
		return nil, errors.New("make request: the address is not a URL")
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	resp, err := c.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	if resp.StatusCode != http.StatusOK {
		return nil, failure(resp)
	}
	defer resp.Body.Close() //nolint:errcheck // its content was read
	b, err := io.ReadAll(io.LimitReader(resp.Body, limit+1))
	if err != nil || int64(len(b)) > limit {
		return nil, fmt.Errorf("%s answers with more than %d bytes, or breaks off", Redact(r.URL), limit)
	}
	return &Answer{Body: b, Header: resp.Header, URL: resp.Request.URL}, nil
}

// GetJSON reads an answer of up to limit bytes into v.
func (c *Client) GetJSON(ctx context.Context, address string, header http.Header, limit int64, v any) (*Answer, error) {
	a, err := c.Get(ctx, address, header, limit)
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal(a.Body, v); err != nil {
		return nil, fmt.Errorf("%s answers with something else than the expected JSON", Redact(a.URL))
	}
	return a, nil
}

// Head asks for the headers of an address.
func (c *Client) Head(ctx context.Context, address string, header http.Header) (*Answer, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodHead, address, nil)
	if err != nil {
		return nil, errors.New("make request: the address is not a URL")
	}
	maps.Copy(r.Header, header)
	resp, err := c.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	if resp.StatusCode != http.StatusOK {
		return nil, failure(resp)
	}
	drain(resp)
	return &Answer{Header: resp.Header, URL: resp.Request.URL}, nil
}

// Next finds the next page in the Link header of an answer (RFC 8288). Empty for none; a page of another server is an error.
func (a *Answer) Next() (string, error) {
	for _, link := range strings.Split(strings.Join(a.Header.Values("Link"), ","), ",") {
		target, params, ok := strings.Cut(strings.TrimSpace(link), ">")
		if !ok || !strings.Contains(strings.ReplaceAll(params, " ", ""), `rel="next"`) {
			continue
		}
		next, err := a.URL.Parse(strings.TrimPrefix(target, "<"))
		if err != nil || next.Scheme != a.URL.Scheme || hostPort(next) != hostPort(a.URL) {
			return "", fmt.Errorf("%s names a next page on another server", Redact(a.URL))
		}
		return next.String(), nil
	}
	return "", nil
}
