// Package hf is the source of artifacts on the Hugging Face Hub, or on a server that speaks its API: models, datasets and
// spaces. It resolves the revision once to a commit and reads everything at that commit, by ranges; the digests that the Hub
// keeps for large files are declared. It does not use the Hub's own security labels, writes no cache and uploads nothing.
package hf

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"github.com/picketsec/picket"
	"github.com/picketsec/picket/artifact/source"
	"github.com/picketsec/picket/artifact/source/fetch"
)

// Endpoint is where the public Hub is.
const Endpoint = "https://huggingface.co"

// answer bounds one page of the API.
const answer = 32 << 20

// Options say where the Hub is and who asks.
type Options struct {
	Fetch    fetch.Options
	Endpoint string // empty for the public Hub
	Token    string // empty to ask without one
}

// FromEnvironment reads HF_ENDPOINT and the token, where the Hub's own tools look for them: HF_TOKEN, HUGGING_FACE_HUB_TOKEN,
// the file that HF_TOKEN_PATH names, and the token file of the cache folder.
func FromEnvironment(getenv func(string) string, home string) (Options, error) {
	o := Options{Endpoint: strings.TrimSuffix(getenv("HF_ENDPOINT"), "/")}
	for _, name := range []string{"HF_TOKEN", "HUGGING_FACE_HUB_TOKEN"} {
		if o.Token = strings.TrimSpace(getenv(name)); o.Token != "" {
			return o, nil
		}
	}
	file := getenv("HF_TOKEN_PATH")
	if file == "" && getenv("HF_HOME") != "" {
		file = filepath.Join(getenv("HF_HOME"), "token")
	}
	if file == "" && home != "" {
		file = filepath.Join(home, ".cache", "huggingface", "token")
	}
	if file == "" {
		return o, nil
	}
	text, err := os.ReadFile(file)
	if errors.Is(err, os.ErrNotExist) {
		return o, nil
	}
	if err != nil {
		return o, fmt.Errorf("read the token of the Hub: %w", err)
	}
	o.Token = strings.TrimSpace(string(text))
	return o, nil
}

// Repository is a place: a repository of the Hub at a revision.
type Repository struct {
	name    Name
	site    string
	client  *fetch.Client
	signed  bool
	commit  string
	current string // the name that the Hub uses for it
}

// New makes the place for a name.
func New(o Options, n Name) (*Repository, error) {
	if err := n.check(); err != nil {
		return nil, err
	}
	if o.Endpoint == "" {
		o.Endpoint = Endpoint
	}
	if strings.ContainsFunc(o.Token, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return nil, errors.New("the token of the Hub holds characters that no token has")
	}
	s := fetch.Site{URL: o.Endpoint, Hosts: []string{"*.huggingface.co", "*.hf.co"}}
	if o.Token != "" {
		s.Sign = func(r *http.Request) error { r.Header.Set("Authorization", "Bearer "+o.Token); return nil }
	}
	client, err := fetch.New(o.Fetch, s)
	if err != nil {
		return nil, fmt.Errorf("reach the Hub: %w", err)
	}
	return &Repository{name: n, site: o.Endpoint, client: client, signed: o.Token != "", current: n.Repo}, nil
}

// List implements source.Place.
func (r *Repository) List(ctx context.Context) (*source.Listing, error) {
	if err := r.resolve(ctx); err != nil {
		return nil, errors.Join(err, r.client.Close())
	}
	base := "hf://" + r.name.prefix() + r.name.Repo + "/"
	l := &source.Listing{Base: base}
	exact := Name{Kind: r.name.Kind, Repo: r.current, Revision: r.commit, Path: r.name.Path}
	l.Target = exact.String()
	if !r.name.pinned() {
		named := "no revision"
		if r.name.Revision != "" {
			named = "the revision " + r.name.Revision
		}
		l.Findings = append(l.Findings, source.Unpinned(named, l.Target))
	}
	if r.current != r.name.Repo {
		l.Findings = append(l.Findings, source.Moved(r.name.Repo, r.current))
	}
	if u, err := url.Parse(r.site); err == nil && source.Plain(u) {
		l.Findings = append(l.Findings, source.Unencrypted(fetch.Redact(u)))
	}
	tree := source.NewTree(ctx, base)
	if err := r.tree(ctx, tree); err != nil {
		return nil, errors.Join(err, r.client.Close())
	}
	l.Items = tree.Items(r.name.Path)
	if len(l.Items) == 0 && r.name.Path != "" {
		return nil, errors.Join(fmt.Errorf("find %s: the repository has no such file or folder at this revision", r.name), r.client.Close())
	}
	l.Hold(r.client)
	return l, nil
}

// api is an address of the API about the repository.
func (r *Repository) api(rest string) string {
	return r.site + "/api/" + string(r.name.Kind) + "/" + r.current + rest
}

// resolve finds the commit of the revision, and the name under which the repository is today.
func (r *Repository) resolve(ctx context.Context) error {
	rest := ""
	if r.name.Revision != "" {
		rest = "/revision/" + url.PathEscape(r.name.Revision)
	}
	var info struct {
		ID       string `json:"id"`
		SHA      string `json:"sha"`
		Disabled bool   `json:"disabled"`
	}
	if _, err := r.client.GetJSON(ctx, r.api(rest), nil, answer, &info); err != nil {
		return r.explain("find "+r.name.String(), err)
	}
	if !commit(info.SHA) {
		return fmt.Errorf("find %s: the Hub names no commit; the repository may be empty", r.name)
	}
	if r.name.pinned() && info.SHA != r.name.Revision {
		return fmt.Errorf("find %s: the Hub gives another commit, %s", r.name, info.SHA)
	}
	r.commit = info.SHA
	if info.ID != "" && info.ID != r.current {
		moved := Name{Kind: r.name.Kind, Repo: info.ID}
		if err := moved.check(); err != nil {
			return fmt.Errorf("find %s: the Hub gives another repository: %w", r.name, err)
		}
		r.current = info.ID
	}
	return nil
}

// entry is one line of the tree API.
type entry struct {
	Type string `json:"type"`
	Path string `json:"path"`
	Size int64  `json:"size"`
	LFS  *struct {
		OID  string `json:"oid"`
		Size int64  `json:"size"`
	} `json:"lfs"`
}

// tree lists the files of the commit, page by page. It lists the whole repository also when a path was named, because files
// refer to others.
func (r *Repository) tree(ctx context.Context, t *source.Tree) error {
	next := r.api("/tree/" + r.commit + "?recursive=true&expand=false")
	for pages := 0; next != ""; pages++ {
		if pages > 10_000 {
			return fmt.Errorf("list %s: the list of files does not end", r.name)
		}
		var page []entry
		a, err := r.client.GetJSON(ctx, next, nil, answer, &page)
		if err != nil {
			return r.explain("list "+r.name.String(), err)
		}
		for _, e := range page {
			if e.Type == "directory" {
				continue
			}
			if err := t.Add(r.file(e)); err != nil {
				return fmt.Errorf("list %s: %w", r.name, err)
			}
		}
		if next, err = a.Next(); err != nil {
			return fmt.Errorf("list %s: %w", r.name, err)
		}
	}
	return nil
}

// file is the entry of a file in the tree.
func (r *Repository) file(e entry) source.Entry {
	f := fetch.File{Client: r.client, Size: max(e.Size, 0), URL: r.site + "/" + r.name.prefix() + r.current + "/resolve/" + r.commit + "/" + escape(e.Path),
		Explain: func(s *fetch.Status) error { return r.explain("read "+e.Path, s) }}
	out := source.Entry{Path: e.Path, Size: f.Size, Open: f.Open}
	if e.LFS != nil {
		f.Size, out.Size = max(e.LFS.Size, 0), max(e.LFS.Size, 0)
		out.Open = f.Open
		if d, err := picket.ParseDigest("sha256:" + e.LFS.OID); err == nil {
			out.Declared = d
		}
	}
	return out
}

// escape writes a path for an address.
func escape(p string) string {
	parts := strings.Split(p, "/")
	for i := range parts {
		parts[i] = url.PathEscape(parts[i])
	}
	return strings.Join(parts, "/")
}

// explain turns the answers of the Hub into what the reader can do about them.
func (r *Repository) explain(what string, err error) error {
	s, ok := errors.AsType[*fetch.Status](err)
	if !ok {
		return fmt.Errorf("%s: %w", what, err)
	}
	page := r.site + "/" + r.name.prefix() + r.current
	code := s.Header.Get("X-Error-Code")
	switch {
	case code == "GatedRepo" && !r.signed:
		return fmt.Errorf("%s: the repository is gated: accept its terms at %s, and set HF_TOKEN (%w)", what, page, err)
	case code == "GatedRepo":
		return fmt.Errorf("%s: the repository is gated and this token has no access: accept its terms at %s with the account of the token (%w)", what, page, err)
	case code == "RevisionNotFound":
		return fmt.Errorf("%s: the repository has no such revision (%w)", what, err)
	case code == "EntryNotFound":
		return fmt.Errorf("%s: the repository has no such file (%w)", what, err)
	case s.Code == http.StatusUnauthorized && r.signed:
		return fmt.Errorf("%s: the Hub does not accept the token: check HF_TOKEN, or the token file (%w)", what, err)
	case (s.Code == http.StatusUnauthorized || s.Code == http.StatusForbidden) && !r.signed:
		return fmt.Errorf("%s: the repository does not exist, or is private or gated: check the name, or set HF_TOKEN (%w)", what, err)
	case s.Code == http.StatusForbidden:
		return fmt.Errorf("%s: this token has no access: accept the terms at %s, or use a token that may read it (%w)", what, page, err)
	case s.Code == http.StatusNotFound:
		return fmt.Errorf("%s: there is no such repository or revision; a private one needs HF_TOKEN (%w)", what, err)
	case s.Code == http.StatusTooManyRequests:
		return fmt.Errorf("%s: the Hub's limit of requests is reached: wait, or set HF_TOKEN for a higher one (%w)", what, err)
	}
	return fmt.Errorf("%s: %w", what, err)
}
