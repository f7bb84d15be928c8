// Package mlflow is the source of artifacts in the model registry of an MLflow tracking server. It asks the registry where the
// files of a version are, lists them through the server's proxy for artifacts, and reads them from there; a version that lies in
// a bucket is handed to the source that knows buckets. It reads no files of the server's own disk and changes no stage or tag.
package mlflow

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"path"
	"regexp"
	"strconv"
	"strings"

	"github.com/picketsec/picket/artifact/source"
	"github.com/picketsec/picket/artifact/source/fetch"
)

// Bounds of what a server may answer.
const (
	answer     = 16 << 20 // bytes of one list
	maxFolders = 10_000   // folders of one model
	maxDepth   = 50       // folders inside of folders
	proxy      = "/api/2.0/mlflow-artifacts/artifacts"
)

// Options say who asks.
type Options struct {
	Fetch              fetch.Options
	Token              string // sent as it is
	Username, Password string
	// Elsewhere makes the place for files that are not on the tracking server, as s3://bucket/prefix; nil refuses them.
	Elsewhere func(uri string) (source.Place, error)
}

// FromEnvironment reads MLFLOW_TRACKING_TOKEN, MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD.
func FromEnvironment(getenv func(string) string) Options {
	return Options{Token: getenv("MLFLOW_TRACKING_TOKEN"), Username: getenv("MLFLOW_TRACKING_USERNAME"), Password: getenv("MLFLOW_TRACKING_PASSWORD")}
}

// Name is a version of a registered model on a tracking server.
type Name struct {
	Plain   bool   // without encryption
	Host    string // with the port
	Root    string // the path of the server behind a proxy; empty for none
	Model   string
	Version string // a number
	Alias   string // or an alias
	Stage   string // or a stage, or "latest"
	Path    string // a file or folder of the model; empty for all
}

// ParseName reads mlflow://host[:port]/models/NAME/VERSION[/path], and NAME/STAGE, NAME/latest and NAME@ALIAS in place of the
// number. The scheme mlflow+http is for a server without encryption.
func ParseName(uri string) (Name, error) {
	bad := func(why string) (Name, error) {
		return Name{}, fmt.Errorf("read mlflow name: %s; write mlflow://host[:port]/models/NAME/VERSION", why)
	}
	u, err := url.Parse(uri)
	if err != nil || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return bad("it is not such an address")
	}
	n := Name{Host: u.Host}
	switch u.Scheme {
	case "mlflow", "mlflow+https":
	case "mlflow+http":
		n.Plain = true
	default:
		return bad("its scheme is another one")
	}
	root, rest, ok := strings.Cut(u.EscapedPath(), "/models/")
	if !ok {
		return bad("it names no model")
	}
	n.Root = root
	parts := strings.SplitN(strings.Trim(rest, "/"), "/", 3)
	if n.Model, err = url.PathUnescape(parts[0]); err != nil {
		return bad("the name is not escaped correctly")
	}
	if name, alias, ok := strings.Cut(n.Model, "@"); ok {
		n.Model, n.Alias = name, alias
		parts = append(parts[:1], append([]string{alias}, parts[1:]...)...)
	} else if len(parts) > 1 && regexp.MustCompile(`^[0-9]{1,18}$`).MatchString(parts[1]) {
		n.Version = parts[1]
	} else if len(parts) > 1 {
		n.Stage = parts[1]
	}
	if n.Model == "" || n.Version+n.Alias+n.Stage == "" {
		return bad("it names no version")
	}
	if len(parts) > 2 {
		if n.Path, err = url.PathUnescape(strings.Join(parts[2:], "/")); err != nil {
			return bad("the path is not escaped correctly")
		}
	}
	return n, nil
}

// site is the address of the tracking server.
func (n Name) site() string {
	scheme := "https://"
	if n.Plain {
		scheme = "http://"
	}
	return scheme + n.Host + n.Root
}

// base is how names of the version's files begin.
func (n Name) base() string {
	scheme := "mlflow://"
	if n.Plain {
		scheme = "mlflow+http://"
	}
	return scheme + n.Host + n.Root + "/models/" + url.PathEscape(n.Model) + "/" + n.Version + "/"
}

// Version is a place: the files of a version.
type Version struct {
	options Options
	name    Name
	client  *fetch.Client
}

// New makes the place for a name.
func New(o Options, n Name) (*Version, error) {
	s := fetch.Site{URL: n.site(), Plain: n.Plain}
	switch {
	case o.Token != "":
		s.Sign = func(r *http.Request) error { r.Header.Set("Authorization", "Bearer "+o.Token); return nil }
	case o.Username != "":
		s.Sign = func(r *http.Request) error { r.SetBasicAuth(o.Username, o.Password); return nil }
	}
	client, err := fetch.New(o.Fetch, s)
	if err != nil {
		return nil, fmt.Errorf("reach the tracking server: %w", err)
	}
	return &Version{options: o, name: n, client: client}, nil
}

// List implements source.Place.
func (v *Version) List(ctx context.Context) (*source.Listing, error) {
	l, err := v.list(ctx)
	if err != nil {
		return nil, errors.Join(err, v.client.Close())
	}
	l.Hold(v.client)
	return l, nil
}

// list finds the version and its files.
func (v *Version) list(ctx context.Context) (*source.Listing, error) {
	named := v.name
	if err := v.resolve(ctx); err != nil {
		return nil, err
	}
	at, err := v.files(ctx)
	if err != nil {
		return nil, err
	}
	folder, here, err := v.proxied(at)
	if err != nil {
		return nil, err
	}
	var l *source.Listing
	if here {
		l = &source.Listing{Base: v.name.base()}
		tree := source.NewTree(ctx, l.Base)
		if err := v.walk(ctx, tree, folder); err != nil {
			return nil, err
		}
		l.Items = tree.Items(v.name.Path)
		if len(l.Items) == 0 {
			return nil, fmt.Errorf("find %s: the version has no files there", l.Base+v.name.Path)
		}
	} else if l, err = v.elsewhere(ctx, at); err != nil {
		return nil, err
	}
	l.Target = v.name.base() + v.name.Path
	if named.Version == "" {
		by := "the stage " + named.Stage
		if named.Alias != "" {
			by = "the alias " + named.Alias
		}
		l.Findings = append(l.Findings, source.Unpinned(by, l.Target))
	}
	if u, err := url.Parse(v.name.site()); err == nil && source.Plain(u) {
		l.Findings = append(l.Findings, source.Unencrypted(v.name.site()))
	}
	return l, nil
}

// get asks the registry.
func (v *Version) get(ctx context.Context, method string, q url.Values, into any) error {
	_, err := v.client.GetJSON(ctx, v.name.site()+"/api/2.0/mlflow/"+method+"?"+q.Encode(), nil, answer, into)
	return v.explain("ask the registry for "+v.name.Model, err)
}

// found is a version as the registry describes it.
type found struct {
	Version string `json:"version"`
	Status  string `json:"status"`
}

// resolve finds the number of the version.
func (v *Version) resolve(ctx context.Context) error {
	n := &v.name
	var one struct {
		Version found `json:"model_version"`
	}
	var err error
	switch {
	case n.Version != "":
		err = v.get(ctx, "model-versions/get", url.Values{"name": {n.Model}, "version": {n.Version}}, &one)
	case n.Alias != "":
		err = v.get(ctx, "registered-models/alias", url.Values{"name": {n.Model}, "alias": {n.Alias}}, &one)
	default:
		one.Version, err = v.stage(ctx)
	}
	if err != nil {
		return err
	}
	if _, bad := strconv.ParseUint(one.Version.Version, 10, 63); bad != nil || n.Version != "" && n.Version != one.Version.Version {
		return fmt.Errorf("ask the registry for %s: it gives no such version", n.Model)
	}
	if s := one.Version.Status; s != "" && s != "READY" {
		return fmt.Errorf("ask the registry for %s: version %s is not ready", n.Model, one.Version.Version)
	}
	n.Version = one.Version.Version
	return nil
}

// stage finds the newest version of a stage, or of all.
func (v *Version) stage(ctx context.Context) (found, error) {
	q := url.Values{"name": {v.name.Model}}
	latest := strings.EqualFold(v.name.Stage, "latest")
	if !latest {
		q.Set("stages", v.name.Stage)
	}
	var all struct {
		Versions []found `json:"model_versions"`
	}
	if err := v.get(ctx, "registered-models/get-latest-versions", q, &all); err != nil {
		return found{}, err
	}
	var best found
	newest := uint64(0)
	for _, f := range all.Versions {
		if n, err := strconv.ParseUint(f.Version, 10, 63); err == nil && n > newest {
			best, newest = f, n
		}
	}
	if newest == 0 {
		return found{}, fmt.Errorf("ask the registry for %s: no version has the stage %s", v.name.Model, v.name.Stage)
	}
	return best, nil
}

// files finds where the files of the version are.
func (v *Version) files(ctx context.Context) (string, error) {
	var at struct {
		URI string `json:"artifact_uri"`
	}
	if err := v.get(ctx, "model-versions/get-download-uri", url.Values{"name": {v.name.Model}, "version": {v.name.Version}}, &at); err != nil {
		return "", err
	}
	id, logged := strings.CutPrefix(at.URI, "models:/")
	if !logged {
		return at.URI, nil
	}
	if !regexp.MustCompile(`^m-[0-9a-f]{8,64}$`).MatchString(id) {
		return "", fmt.Errorf("find the files of %s: they are those of another model, %q", v.name.Model, clip(at.URI))
	}
	var model struct {
		Model struct {
			Info struct {
				URI string `json:"artifact_uri"`
			} `json:"info"`
		} `json:"model"`
	}
	if err := v.get(ctx, "logged-models/"+id, nil, &model); err != nil {
		return "", err
	}
	return model.Model.Info.URI, nil
}

// clip shortens text that is not ours.
func clip(s string) string {
	if len(s) > 200 {
		return s[:200] + "…"
	}
	return s
}

// proxied finds the folder of files that the tracking server passes on; false for files that are elsewhere.
func (v *Version) proxied(at string) (string, bool, error) {
	u, err := url.Parse(at)
	if err != nil {
		return "", false, fmt.Errorf("find the files of %s: the server gives no address", v.name.Model)
	}
	folder := u.Path
	switch u.Scheme {
	case "mlflow-artifacts":
	case "http", "https":
		_, rest, ok := strings.Cut(u.Path, proxy)
		if !ok {
			return "", false, nil
		}
		folder = rest
	default:
		return "", false, nil
	}
	if u.Host != "" && u.Host != v.name.Host {
		return "", false, fmt.Errorf("find the files of %s: they are on another server, %q; name it if you trust it", v.name.Model, clip(u.Host))
	}
	folder = strings.Trim(folder, "/")
	if source.CheckPath(folder) != nil {
		return "", false, fmt.Errorf("find the files of %s: the server gives a path that leaves its folder", v.name.Model)
	}
	return folder, true, nil
}

// elsewhere lists files that are not on the tracking server.
func (v *Version) elsewhere(ctx context.Context, at string) (*source.Listing, error) {
	scheme, _, ok := strings.Cut(at, "://")
	if !ok || scheme == "file" {
		return nil, fmt.Errorf("find the files of %s: they are on a disk of the tracking server, which passes no artifacts on (mlflow server --serve-artifacts does)", v.name.Model)
	}
	if v.options.Elsewhere == nil || scheme != "s3" && scheme != "gs" {
		return nil, fmt.Errorf("find the files of %s: they are at a place that is not supported, %q", v.name.Model, clip(scheme))
	}
	if v.name.Path != "" {
		at = strings.TrimSuffix(at, "/") + "/" + v.name.Path
	}
	place, err := v.options.Elsewhere(at)
	if err != nil {
		return nil, err
	}
	return place.List(ctx)
}

// entry is a line of a list of artifacts.
type entry struct {
	Path   string          `json:"path"`
	Folder bool            `json:"is_dir"`
	Size   json.RawMessage `json:"file_size"` // a number, or one in quotes
}

// walk lists the folder of the version and all in it.
func (v *Version) walk(ctx context.Context, tree *source.Tree, folder string) error {
	waiting := []string{""}
	for n := 0; len(waiting) > 0; n++ {
		inside := waiting[0]
		waiting = waiting[1:]
		if n+len(waiting) >= maxFolders || strings.Count(inside, "/") > maxDepth {
			return fmt.Errorf("list the files of %s: more than %d folders, or deeper than %d", v.name.Model, maxFolders, maxDepth)
		}
		var list struct {
			Files []entry `json:"files"`
		}
		at := v.name.site() + proxy + "?" + url.Values{"path": {path.Join(folder, inside)}}.Encode()
		if _, err := v.client.GetJSON(ctx, at, nil, answer, &list); err != nil {
			return v.explain("list the files of "+v.name.Model, err)
		}
		for _, e := range list.Files {
			rel := path.Join(inside, e.Path)
			if e.Folder && source.CheckPath(e.Path) == nil {
				waiting = append(waiting, rel)
				continue
			}
			if source.CheckPath(e.Path) != nil {
				rel = e.Path // refused by the tree
			}
			if err := tree.Add(v.file(folder, rel, e)); err != nil {
				return err
			}
		}
	}
	return nil
}

// file is the entry of a file.
func (v *Version) file(folder, rel string, e entry) source.Entry {
	size, err := strconv.ParseInt(strings.Trim(string(e.Size), `"`), 10, 63)
	if err != nil {
		size = -1
	}
	f := fetch.File{Client: v.client, URL: v.name.site() + proxy + (&url.URL{Path: "/" + folder + "/" + rel}).EscapedPath(), Size: size,
		Explain: func(s *fetch.Status) error { return v.explain("read "+rel, s) }}
	return source.Entry{Path: rel, Size: size, Open: f.Open}
}

// explain turns the answers of the server into what the reader can do about them.
func (v *Version) explain(what string, err error) error {
	s, ok := errors.AsType[*fetch.Status](err)
	if !ok {
		if err == nil {
			return nil
		}
		return fmt.Errorf("%s: %w", what, err)
	}
	var said struct {
		Code string `json:"error_code"`
	}
	_ = json.Unmarshal([]byte(s.Body), &said) // an answer of another form has no code
	switch {
	case s.Code == http.StatusUnauthorized || s.Code == http.StatusForbidden:
		return fmt.Errorf("%s: the server wants a login with access: set MLFLOW_TRACKING_TOKEN, or MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD (%w)", what, err)
	case said.Code == "RESOURCE_DOES_NOT_EXIST" || said.Code == "INVALID_PARAMETER_VALUE":
		return fmt.Errorf("%s: there is no such model, version, stage or alias (%w)", what, err)
	case s.Code == http.StatusNotFound:
		return fmt.Errorf("%s: there is none, or this is no tracking server of MLflow (%w)", what, err)
	}
	return fmt.Errorf("%s: %w", what, err)
}
