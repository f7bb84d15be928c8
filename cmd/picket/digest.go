package main

import (
	"io"

	"github.com/spf13/cobra"

	"github.com/picketsec/picket"
	"github.com/picketsec/picket/evidence"
)

// digestDocument is the JSON form of a digest.
type digestDocument struct {
	Schema   string                   `json:"schema"`
	Path     string                   `json:"path"`
	Kind     string                   `json:"kind"`
	Digest   picket.Digest            `json:"digest"`
	Aliases  map[string]picket.Digest `json:"aliases"`
	Bytes    int64                    `json:"bytes"`
	Excluded []string                 `json:"excluded"`
	Files    []digestFile             `json:"files"`
}

// digestFile is one file of it.
type digestFile struct {
	Name   string        `json:"name"`
	Digest picket.Digest `json:"digest"`
	Bytes  int64         `json:"bytes"`
}

func newDigestCmd(env Env) *cobra.Command {
	var flags hashFlags
	var out plainOutput
	cmd := &cobra.Command{
		Use:   "digest PATH",
		Short: "Print the digest that identifies a model, a dataset or a file",
		Long: "Digest prints the identity that claims are about. Of a file it is the SHA-256. Of a folder it is the root digest\n" +
			"of OpenSSF Model Signing over every file in it but model.sig, claims.jsonl and git's own files at its root.\n" +
			"The Python tool orders some names differently; the root digest that it signs is shown as an alias.",
		Example: "  picket digest model/\n  picket digest --format json model/ | jq .files",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := out.check(); err != nil {
				return err
			}
			c, err := findContent(args[0])
			if err != nil {
				return err
			}
			m, err := flags.hash(cmd.Context(), env, c)
			if err != nil {
				return err
			}
			return out.answer(env, newDigestDocument(c, m), func(w io.Writer) error { return writeDigest(w, c, m) })
		},
	}
	flags.own = true
	flags.add(cmd)
	out.add(cmd)
	return cmd
}

// newDigestDocument is the JSON form of a manifest.
func newDigestDocument(c *content, m *evidence.Manifest) digestDocument {
	doc := digestDocument{Schema: "picket.digest/1", Path: c.path, Kind: "tree", Digest: m.Digest(), Bytes: m.Size(),
		Aliases: map[string]picket.Digest{"oms-python": m.PythonDigest()}, Excluded: append([]string{}, m.Excluded...)}
	if m.File {
		doc.Kind = "file"
	}
	for _, r := range m.Resources {
		doc.Files = append(doc.Files, digestFile{r.Name, r.Digest, r.Size})
	}
	return doc
}

// writeDigest prints the digest first, so that it can be cut off the line.
func writeDigest(w io.Writer, c *content, m *evidence.Manifest) error {
	var l lines
	l.add("%s  %s", m.Digest(), shown(c.path))
	l.add("%s  alias in signatures of the Python tool", m.PythonDigest())
	for _, name := range m.Excluded {
		l.add("not in the digest: %s", shown(name))
	}
	return l.writeTo(w)
}

// shown is text from outside as a terminal may show it.
func shown(s string) string { return picket.Printable(s, 4096) }
