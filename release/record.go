package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/picketsec/picket"
	"github.com/picketsec/picket/evidence"
	"github.com/picketsec/picket/release/build"
)

// The names of files in the folder of a release.
const (
	recordFile = "release.json"
	sumsFile   = "SHA256SUMS"
	imageDir   = "image"
)

// recordSchema names the form of release.json.
const recordSchema = "picket.release/1"

// record is release.json: from what the release was made, and what must come out when it is made again.
type record struct {
	Schema   string    `json:"schema"`
	Version  string    `json:"version"`
	Commit   string    `json:"commit"`
	Time     time.Time `json:"time"` // of the source
	Go       string    `json:"go"`
	Flags    []string  `json:"flags"` // of go build
	Programs []program `json:"programs"`
	Image    container `json:"image"`
}

// program is one binary.
type program struct {
	OS      string        `json:"os"`
	Arch    string        `json:"arch"`
	Digest  picket.Digest `json:"digest"` // of the binary itself, as picket version shows it
	Size    int64         `json:"size"`   // bytes
	Archive string        `json:"archive"`
	BOM     string        `json:"bom"` // CycloneDX
}

// container is the image of all platforms of Linux; empty when none was built.
type container struct {
	Digest    string   `json:"digest"` // of the index
	Archive   string   `json:"archive"`
	Platforms []string `json:"platforms"`
}

// encode is the file.
func (r *record) encode() ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(r); err != nil {
		return nil, fmt.Errorf("encode %s: %w", recordFile, err)
	}
	return b.Bytes(), nil
}

// readRecord reads release.json of a folder that comes from somebody else.
func readRecord(dir string) (*record, error) {
	data, err := readSmall(filepath.Join(dir, recordFile))
	if err != nil {
		return nil, fmt.Errorf("read release: %w", err)
	}
	r := &record{}
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	if err := dec.Decode(r); err != nil {
		return nil, fmt.Errorf("read %s: %w", recordFile, err)
	}
	if r.Schema != recordSchema {
		return nil, fmt.Errorf("read %s: schema %q is not %s", recordFile, picket.Printable(r.Schema, 40), recordSchema)
	}
	if err := build.CheckVersion(r.Version); err != nil {
		return nil, fmt.Errorf("read %s: %w", recordFile, err)
	}
	_, err = r.targets()
	return r, err
}

// claims is the file of claims about the binary itself; picket claims finds it when it is renamed to PROGRAM.claims.jsonl and put
// beside the unpacked program.
func (p program) claims() string {
	return strings.TrimSuffix(p.BOM, bomSuffix) + "." + evidence.ClaimsFile
}

// targets are the platforms of the release.
func (r *record) targets() ([]build.Target, error) {
	var all []build.Target
	for _, p := range r.Programs {
		t, err := build.ParseTarget(p.OS + "/" + p.Arch)
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", recordFile, err)
		}
		all = append(all, t)
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("read %s: there is no program in it", recordFile)
	}
	return all, nil
}

// maxSmall bounds keys and records, in bytes.
const maxSmall = 1 << 20

// readSmall reads a file of at most maxSmall bytes.
func readSmall(name string) (data []byte, err error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	data, err = io.ReadAll(io.LimitReader(f, maxSmall+1))
	if err == nil && len(data) > maxSmall {
		err = fmt.Errorf("%s is larger than %d bytes", name, maxSmall)
	}
	return data, err
}
