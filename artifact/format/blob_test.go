package format_test

import (
	"bytes"
	"errors"
	"io"
	"testing"

	"github.com/picketsec/picket/artifact/format"
)

func all(t *testing.T, b *format.Blob) string {
	t.Helper()
	r, err := b.Open()
	if err != nil {
		t.Fatal(err)
	}
	content, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

func TestBlobs(t *testing.T) {
	text := []byte("0123456789")
	forward := format.StreamBlob(10, func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(text)), nil })
	for name, b := range map[string]*format.Blob{"random": format.BytesBlob(text), "forward": forward} {
		if all(t, b) != "0123456789" || all(t, b) != "0123456789" || b.Size() != 10 {
			t.Errorf("%s: not the content twice", name)
		}
		s, err := b.Section(2, 5)
		if err != nil || all(t, s) != "23456" || s.Size() != 5 {
			t.Errorf("%s: section %v", name, err)
		}
		ss, err := s.Section(1, 2)
		if err != nil || all(t, ss) != "34" {
			t.Errorf("%s: section of a section %v", name, err)
		}
		for _, bad := range [][2]int64{{-1, 2}, {0, 11}, {11, 0}, {5, 6}, {1, -1}, {1, 1<<63 - 1}} {
			if _, err := b.Section(bad[0], bad[1]); !errors.Is(err, format.ErrMalformed) {
				t.Errorf("%s: section %v: %v", name, bad, err)
			}
			if _, err := b.ReadRange(bad[0], bad[1]); !errors.Is(err, format.ErrMalformed) {
				t.Errorf("%s: range %v: %v", name, bad, err)
			}
		}
	}
	if got, err := format.BytesBlob(text).ReadRange(3, 4); err != nil || string(got) != "3456" {
		t.Errorf("range: %q %v", got, err)
	}
	if _, err := (&format.Blob{}).Open(); err == nil {
		t.Error("a blob without content opens")
	}
}
