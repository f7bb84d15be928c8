package torchtar_test

import (
	stdtar "archive/tar"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/picketsec/picket/artifact/format"
	"github.com/picketsec/picket/artifact/format/torchtar"
	"github.com/picketsec/picket/internal/limits"
	"github.com/picketsec/picket/internal/testkit"
)

// The members of a file with one tensor of two floats, as torch.load reads it.
const (
	storages = "\x80\x02K\x01." + "\x80\x02K\x05X\x03\x00\x00\x00cpuctorch\nFloatStorage\n\x87." +
		"\x02\x00\x00\x00\x00\x00\x00\x00" + "\x00\x00\x80\x3f\x00\x00\x00\x40" + "\x80\x02]."
	tensors = "\x80\x02K\x01." + "\x80\x02K\x06K\x05ctorch\nFloatTensor\n\x87." + "\x01\x00\x00\x00\x00\x00\x00\x00" +
		"\x02\x00\x00\x00\x00\x00\x00\x00" + "\x01\x00\x00\x00\x00\x00\x00\x00" + "\x00\x00\x00\x00\x00\x00\x00\x00"
	object  = "\x80\x02K\x06Q."
	sysInfo = "\x80\x02}."
)

// write makes an archive of names and contents in turn.
func write(t testing.TB, parts ...string) []byte {
	t.Helper()
	var b bytes.Buffer
	w := stdtar.NewWriter(&b)
	for i := 0; i < len(parts); i += 2 {
		if err := w.WriteHeader(&stdtar.Header{Name: parts[i], Size: int64(len(parts[i+1])), Mode: 0o644}); err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(w, parts[i+1]); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// sample is a whole file.
func sample(t testing.TB) []byte {
	return write(t, "sys_info", sysInfo, "pickle", object, "tensors", tensors, "storages", storages)
}

// The sample must be one that PyTorch loads, or parsing it proves nothing.
func TestSampleIsLoadable(t *testing.T) {
	name := filepath.Join(t.TempDir(), "m.pt")
	if err := os.WriteFile(name, sample(t), 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command("/usr/bin/python3", "-c", "import sys, torch; print(torch.load(sys.argv[1]).tolist())", name).Output()
	if err != nil {
		testkit.Missing(t, "PyTorch is not there (make setup installs it): %v", err)
	}
	if string(out) != "[1.0, 2.0]\n" {
		t.Errorf("PyTorch loads %q", out)
	}
}

func TestMatch(t *testing.T) {
	match := func(content []byte, forward bool) bool {
		p := format.Probe{Head: content[:min(len(content), format.HeadSize)], Size: int64(len(content)), Blob: format.BytesBlob(content)}
		if forward {
			p.Blob, p.Size = format.StreamBlob(-1, nil), -1
		}
		return torchtar.New().Match(p)
	}
	for _, forward := range []bool{true, false} {
		if !match(sample(t), forward) {
			t.Errorf("forward %v: not recognised", forward)
		}
		if match(write(t, "storages", "x"), forward) || match(write(t, "a", "b", "pickle", "x"), forward) || match([]byte("text"), forward) {
			t.Errorf("forward %v: another archive is recognised", forward)
		}
	}
}

// split lists the segments of a member.
func split(member, content string) (list []string, err error) {
	l := limits.Default()
	l.Ops = 1 << 20
	err = torchtar.Split(context.Background(), member, format.BytesBlob([]byte(content)), limits.NewBudget(l), func(s torchtar.Segment) error {
		if s.Offset < 0 || s.Length < 0 || s.Offset+s.Length > int64(len(content)) {
			return fmt.Errorf("a segment outside of the member: %+v", s)
		}
		list = append(list, fmt.Sprint(s.Pickle, s.Length))
		return nil
	})
	return list, err
}

func TestSplit(t *testing.T) {
	for member, content := range map[string]string{torchtar.Storages: storages, torchtar.Tensors: tensors} {
		got, err := split(member, content)
		want := []string{"true 5", "true 34", "false 16", "true 4"}
		if member == torchtar.Tensors {
			want = []string{"true 5", "true 27", "false 32"}
		}
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Errorf("%s: %v (-want +got):\n%s", member, err, diff)
		}
		for n := range len(content) {
			if _, err := split(member, content[:n]); !errors.Is(err, format.ErrMalformed) {
				t.Errorf("%s: the first %d bytes: %v", member, n, err)
			}
		}
		if _, err := split(member, content+"more"); !errors.Is(err, format.ErrMalformed) {
			t.Errorf("%s: trailing content: %v", member, err)
		}
	}
	for _, hostile := range []string{"\x80\x02J\xff\xff\xff\x7f.", "\x80\x02X\x01\x00\x00\x00a.", "\x80\x02K\x01.\x80\x02K\x01.",
		"\x80\x02K\x01.\x80\x02K\x05X\x03\x00\x00\x00cpucmod\nStorage\n\x87.12345678",
		"\x80\x02K\x01.\x80\x02K\x05X\x03\x00\x00\x00cpuctorch\nFloatStorage\n\x87.\xff\xff\xff\xff\xff\xff\xff\x7f"} {
		if _, err := split(torchtar.Storages, hostile); !errors.Is(err, format.ErrMalformed) {
			t.Errorf("%q: %v", hostile, err)
		}
	}
}

func FuzzSplit(f *testing.F) {
	f.Add(true, storages)
	f.Add(false, tensors)
	f.Fuzz(func(t *testing.T, first bool, content string) {
		member := torchtar.Tensors
		if first {
			member = torchtar.Storages
		}
		list, err := split(member, content)
		again, errAgain := split(member, content)
		if diff := cmp.Diff(list, again); diff != "" || (err == nil) != (errAgain == nil) {
			t.Fatalf("two runs differ: %v and %v\n%s", err, errAgain, diff)
		}
		if err != nil && !errors.Is(err, format.ErrMalformed) && !errors.Is(err, limits.ErrExceeded) {
			t.Fatal(err)
		}
	})
}
