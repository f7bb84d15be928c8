package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/spf13/cobra"

	"github.com/picketsec/picket/artifact/source/oci"
	"github.com/picketsec/picket/claimstore"
	"github.com/picketsec/picket/claimstore/referrers"
	"github.com/picketsec/picket/evidence"
	"github.com/picketsec/picket/evidence/claim"
)

// newClaimsPushCmd attaches claims to an image.
func newClaimsPushCmd(env Env) *cobra.Command {
	return &cobra.Command{
		Use:         "push PATH REFERENCE",
		Annotations: map[string]string{networkNote: "a registry"},
		Short:       "Attach the claims about a model to an image or model in a registry, as OCI referrers",
		Long: "Push attaches the model signature and every claim to what REFERENCE names. What is there already is not pushed again.\n" +
			"Logins are those of docker and podman. oci+http:// speaks to a registry without encryption.",
		Example: "  picket claims push model/ registry.example/team/model:v1",
		Args:    cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := findContent(args[0])
			if err != nil {
				return err
			}
			ref, options, err := registryOf(env, args[1])
			if err != nil {
				return err
			}
			var bundles []*evidence.Bundle
			for _, e := range c.entries() {
				if e.Err != nil {
					return fmt.Errorf("push claims: %s: %w", e.Source(), e.Err)
				}
				bundles = append(bundles, e.Bundle)
			}
			if len(bundles) == 0 {
				return usagef("there are no claims beside %s; picket scan --attest or picket attest make some", args[0])
			}
			subject, err := referrers.Push(cmd.Context(), ref, bundles, options)
			if err != nil {
				return err
			}
			_, err = fmt.Fprintf(env.Stdout, "pushed %s about %s@%s\n", count(len(bundles), "claim"), shown(ref.Context().Name()), subject)
			return err
		},
	}
}

// newClaimsPullCmd brings claims here.
func newClaimsPullCmd(env Env) *cobra.Command {
	return &cobra.Command{
		Use:         "pull PATH REFERENCE",
		Annotations: map[string]string{networkNote: "a registry"},
		Short:       "Append the claims that are attached to an image or model in a registry to those about a model here",
		Long: "Pull appends the claims that are not here yet. It verifies nothing: picket claims and picket gate do. A registry can\n" +
			"hold claims back; a head that was kept elsewhere shows that, see picket claims check.\n\n" +
			"Exit codes: 0 · 1 error · 2 usage · 3 something attached as a claim cannot be read.",
		Example: "  picket claims pull model/ registry.example/team/model:v1",
		Args:    cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := findContent(args[0])
			if err != nil {
				return err
			}
			return pullClaims(cmd.Context(), env, c, args[1])
		},
	}
}

// pullClaims appends what is new.
func pullClaims(ctx context.Context, env Env, c *content, reference string) error {
	ref, options, err := registryOf(env, reference)
	if err != nil {
		return err
	}
	here := map[[32]byte]bool{}
	for _, e := range c.entries() {
		if e.Err != nil {
			return fmt.Errorf("pull claims: %s: %w", e.Source(), e.Err)
		}
		line, err := e.Bundle.Marshal()
		if err != nil {
			return err
		}
		here[claim.LeafHash(line)] = true
	}
	pulled, err := referrers.Pull(ctx, ref, options)
	if err != nil {
		return err
	}
	added := 0
	for _, b := range pulled.Bundles {
		line, err := b.Marshal()
		if err != nil {
			return err
		}
		if leaf := claim.LeafHash(line); !here[leaf] {
			here[leaf] = true
			added++
			if err := claimstore.Append(c.claims, b); err != nil {
				return err
			}
		}
	}
	var l lines
	l.add("pulled %s about %s@%s, %d of them new", count(len(pulled.Bundles), "claim"), shown(ref.Context().Name()), pulled.Subject, added)
	for _, broken := range pulled.Broken {
		l.add("cannot be read  %s", shown(broken.Error()))
	}
	if err := l.writeTo(env.Stdout); err != nil {
		return err
	}
	if len(pulled.Broken) > 0 {
		return exitCode(exitFinding)
	}
	return nil
}

// registryOf reads the reference and finds the login for it.
func registryOf(env Env, reference string) (ref name.Reference, options referrers.Options, err error) {
	rest, plain := strings.CutPrefix(reference, "oci+http://")
	if ref, err = referrers.ParseName(rest, plain); err != nil {
		return nil, options, usageError{err}
	}
	login, err := oci.FromEnvironment(env.Getenv, env.Home)
	if err != nil {
		return nil, options, usageError{err}
	}
	if a, ok := login.For(ref.Context().RegistryStr(), ref.Context().RepositoryStr()); ok {
		options.Auth = authn.FromConfig(authn.AuthConfig{Username: a.Username, Password: a.Password, IdentityToken: a.Identity, RegistryToken: a.Token})
	}
	return ref, options, nil
}
