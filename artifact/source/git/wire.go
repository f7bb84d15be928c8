package git

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/picketsec/picket/artifact/source/fetch"
)

// maxRefs bounds the bytes of a list of references.
const maxRefs = 32 << 20

// wire speaks version 2 of git's protocol over HTTP (gitprotocol-v2) to one repository.
type wire struct {
	client *fetch.Client
	root   string
}

// dial asks the server for version 2, and learns where the repository is today.
func dial(ctx context.Context, client *fetch.Client, root string) (*wire, error) {
	const service = "/info/refs?service=git-upload-pack"
	a, err := client.Get(ctx, root+service, http.Header{"Git-Protocol": {"version=2"}}, maxRefs)
	if err != nil {
		return nil, err
	}
	at := a.URL.String()
	if !strings.HasSuffix(at, service) {
		return nil, errors.New("the server leads to something that is no repository")
	}
	lines, r := 0, newLines(bytes.NewReader(a.Body))
	for ; lines < 100; lines++ {
		line, err := r.next()
		if errors.Is(err, errFlush) {
			continue // many servers name the service first, and end that with a flush
		}
		if err != nil {
			break
		}
		if string(bytes.TrimSpace(line)) == "version 2" {
			return &wire{client: client, root: strings.TrimSuffix(at, service)}, nil
		}
	}
	return nil, errors.New("the server does not speak version 2 of git's protocol, or is no git server")
}

// kinds of packets without content.
var errFlush, errDelim = errors.New("flush"), errors.New("delimiter")

// lines reads packet lines.
type lines struct {
	in  io.Reader
	buf []byte
}

// newLines reads packet lines from a stream.
func newLines(r io.Reader) *lines { return &lines{in: r, buf: make([]byte, 65520)} }

// next reads one packet, which is valid until the next call. Packets without content are errors of their own.
func (l *lines) next() ([]byte, error) {
	if _, err := io.ReadFull(l.in, l.buf[:4]); err != nil {
		return nil, fmt.Errorf("read packet: %w", err)
	}
	n, err := strconv.ParseUint(string(l.buf[:4]), 16, 17)
	switch {
	case err != nil || n == 3 || n > uint64(len(l.buf)):
		return nil, fmt.Errorf("read packet: %q is not a length", l.buf[:4])
	case n == 0 || n == 2:
		return nil, errFlush
	case n == 1:
		return nil, errDelim
	}
	line := l.buf[:n-4]
	if _, err := io.ReadFull(l.in, line); err != nil {
		return nil, fmt.Errorf("read packet: %w", err)
	}
	if said, bad := bytes.CutPrefix(line, []byte("ERR ")); bad {
		return nil, fmt.Errorf("the server says %q", clip(string(said)))
	}
	return line, nil
}

// clip shortens text that is not ours.
func clip(s string) string {
	if s = strings.TrimSpace(s); len(s) > 200 {
		return s[:200] + "…"
	}
	return s
}

// packet writes one packet.
func packet(b *bytes.Buffer, text string) { fmt.Fprintf(b, "%04x%s", len(text)+4, text) }

// command sends a command of version 2 and returns the answer.
func (w *wire) command(ctx context.Context, name string, arguments ...string) (io.ReadCloser, error) {
	var b bytes.Buffer
	packet(&b, "command="+name+"\n")
	packet(&b, "agent=picket\n")
	packet(&b, "object-format=sha1\n")
	b.WriteString("0001")
	for _, a := range arguments {
		packet(&b, a+"\n")
	}
	b.WriteString("0000")
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, w.root+"/git-upload-pack", bytes.NewReader(b.Bytes()))
	if err != nil {
		return nil, errors.New("make request: the address is not a URL")
	}
	r.Header.Set("Git-Protocol", "version=2")
	r.Header.Set("Content-Type", "application/x-git-upload-pack-request")
	r.Header.Set("Accept", "application/x-git-upload-pack-result")
	resp, err := w.client.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	if resp.StatusCode != http.StatusOK {
		_ = resp.Body.Close()
		u, _ := url.Parse(w.root)
		return nil, &fetch.Status{Code: resp.StatusCode, Header: resp.Header, At: fetch.Redact(u)}
	}
	return resp.Body, nil
}

// resolve finds the commit of a branch or a tag; of the default branch for none.
func (w *wire) resolve(ctx context.Context, revision string) (string, error) {
	wanted := []string{"refs/heads/" + revision, "refs/tags/" + revision, revision}
	if revision == "" {
		wanted = []string{"HEAD"}
	}
	arguments := []string{"peel"}
	for _, ref := range wanted {
		arguments = append(arguments, "ref-prefix "+ref)
	}
	body, err := w.command(ctx, "ls-refs", arguments...)
	if err != nil {
		return "", err
	}
	defer body.Close() //nolint:errcheck // its content was read
	found := map[string]string{}
	for r := newLines(io.LimitReader(body, maxRefs)); ; {
		line, err := r.next()
		if errors.Is(err, errFlush) {
			break
		}
		if err != nil {
			return "", err
		}
		fields := strings.Fields(string(line))
		if len(fields) < 2 || !isID(fields[0]) {
			continue
		}
		found[fields[1]] = fields[0]
		for _, attribute := range fields[2:] {
			if peeled, ok := strings.CutPrefix(attribute, "peeled:"); ok && isID(peeled) {
				found[fields[1]] = peeled
			}
		}
	}
	for _, ref := range wanted {
		if id, ok := found[ref]; ok {
			return id, nil
		}
	}
	if revision == "" {
		return "", errors.New("the repository is empty")
	}
	return "", fmt.Errorf("the repository has no branch or tag %q; a commit is named by its 40 digits", revision)
}

// fetch gets a commit without its history.
func (w *wire) fetch(ctx context.Context, commit, scratch string) (*pack, error) {
	body, err := w.command(ctx, "fetch", "no-progress", "ofs-delta", "want "+commit, "deepen 1", "done")
	if err != nil {
		return nil, err
	}
	defer body.Close() //nolint:errcheck // its content was read
	r := newLines(body)
	for {
		line, err := r.next()
		if errors.Is(err, errDelim) {
			continue
		}
		if errors.Is(err, errFlush) || errors.Is(err, io.EOF) {
			return nil, fmt.Errorf("the server does not have commit %s, or does not give it", commit)
		}
		if err != nil {
			return nil, err
		}
		if string(bytes.TrimSpace(line)) == "packfile" {
			return receive(ctx, &sideband{lines: r}, scratch)
		}
	}
}

// sideband reads the pack out of packets that carry also messages.
type sideband struct {
	lines *lines
	rest  []byte
}

// Read implements io.Reader.
func (s *sideband) Read(p []byte) (int, error) {
	for len(s.rest) == 0 {
		line, err := s.lines.next()
		if errors.Is(err, errFlush) {
			return 0, io.EOF
		}
		if err != nil {
			return 0, err
		}
		switch {
		case len(line) > 0 && line[0] == 1:
			s.rest = line[1:]
		case len(line) > 0 && line[0] == 3:
			return 0, fmt.Errorf("the server says %q", clip(string(line[1:])))
		}
	}
	n := copy(p, s.rest)
	s.rest = s.rest[n:]
	return n, nil
}
