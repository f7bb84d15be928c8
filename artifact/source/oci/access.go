package oci

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"time"

	"github.com/picketsec/picket/artifact/source/fetch"
)

// access adds what the registry wants to see: nothing, a user and a password, or a token that a realm gives for them
// (the token specification of the distribution project).
type access struct {
	image *Image
	login Login

	mu      sync.Mutex
	basic   bool
	realm   string // where tokens come from, with the service; empty for none
	token   string
	renewal time.Time
}

// auth finds the login for the repository.
func (a *access) auth() (Auth, bool) {
	repo := a.image.ref.Context()
	return a.login.For(repo.RegistryStr(), repo.RepositoryStr())
}

// known reports whether there is a login.
func (a *access) known() bool {
	_, ok := a.auth()
	return ok
}

// challenge finds the parameters of a WWW-Authenticate header.
func challenge(header string) (scheme string, parameters map[string]string) {
	scheme, rest, _ := strings.Cut(strings.TrimSpace(header), " ")
	parameters = map[string]string{}
	for _, m := range regexp.MustCompile(`([a-zA-Z_]+)="([^"]*)"`).FindAllStringSubmatch(rest, 20) {
		parameters[strings.ToLower(m[1])] = m[2]
	}
	return strings.ToLower(scheme), parameters
}

// begin asks the registry what it wants.
func (a *access) begin(ctx context.Context) error {
	_, err := a.image.client.Get(ctx, a.image.site+"/v2/", nil, 1<<20)
	s, ok := errors.AsType[*fetch.Status](err)
	if !ok || s.Code == http.StatusNotFound {
		return err
	}
	if s.Code != http.StatusUnauthorized {
		return err
	}
	scheme, p := challenge(s.Header.Get("WWW-Authenticate"))
	a.mu.Lock()
	defer a.mu.Unlock()
	switch scheme {
	case "basic":
		a.basic = true
		return nil
	case "bearer":
		realm, err := url.Parse(p["realm"])
		if err != nil || realm.Host == "" || realm.Scheme == "http" && !strings.HasPrefix(a.image.site, "http://") {
			return errors.New("the registry names no address for tokens, or one without encryption")
		}
		q := realm.Query()
		if p["service"] != "" {
			q.Set("service", p["service"])
		}
		q.Set("scope", "repository:"+a.image.ref.Context().RepositoryStr()+":pull")
		realm.RawQuery = q.Encode()
		a.realm = realm.String()
		return a.renew(ctx)
	}
	return fmt.Errorf("the registry wants a login of an unknown kind, %q", clip(scheme))
}

// maxToken bounds the answer with a token, in bytes.
const maxToken = 1 << 20

// own marks requests for tokens, which are signed by themselves.
type own struct{}

// sign implements the Sign of a site.
func (a *access) sign(r *http.Request) error {
	if r.Context().Value(own{}) != nil {
		return nil
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	switch {
	case a.basic:
		if auth, ok := a.auth(); ok {
			r.SetBasicAuth(auth.Username, auth.Password)
		}
	case a.realm != "":
		if time.Now().After(a.renewal) {
			if err := a.renew(r.Context()); err != nil {
				return err
			}
		}
		r.Header.Set("Authorization", "Bearer "+a.token)
	}
	return nil
}

// renew gets a token for reading the repository.
func (a *access) renew(ctx context.Context) error {
	auth, ok := a.auth()
	if ok && auth.Token != "" {
		a.token, a.renewal = auth.Token, time.Now().Add(24*time.Hour)
		return nil
	}
	answer, err := a.ask(context.WithValue(ctx, own{}, true), auth, ok)
	if err != nil {
		return fmt.Errorf("get a token: %w", err)
	}
	var got struct {
		Token   string `json:"token"`
		Access  string `json:"access_token"`
		Expires int    `json:"expires_in"`
	}
	if json.Unmarshal(answer.Body, &got) != nil || got.Token+got.Access == "" {
		return errors.New("get a token: the answer holds none")
	}
	a.token = got.Token
	if a.token == "" {
		a.token = got.Access
	}
	life := time.Duration(min(max(got.Expires, 60), 3600)) * time.Second // 60 seconds is the default of the specification
	a.renewal = time.Now().Add(life * 3 / 4)
	return nil
}

// ask asks for a token: with an identity token as OAuth 2 wants it, else with the user and the password.
func (a *access) ask(ctx context.Context, auth Auth, ok bool) (*fetch.Answer, error) {
	if !ok || auth.Identity == "" {
		header := http.Header{}
		if ok {
			header.Set("Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte(auth.Username+":"+auth.Password)))
		}
		return a.image.client.Get(ctx, a.realm, header, maxToken)
	}
	u, err := url.Parse(a.realm)
	if err != nil {
		return nil, errors.New("the address is not a URL")
	}
	form := u.Query()
	form.Set("grant_type", "refresh_token")
	form.Set("client_id", "picket")
	form.Set("refresh_token", auth.Identity)
	u.RawQuery = ""
	return a.image.client.Post(ctx, u.String(), form, maxToken)
}
