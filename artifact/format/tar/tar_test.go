package tar_test

import (
	stdtar "archive/tar"
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/picketsec/picket/artifact/format"
	"github.com/picketsec/picket/artifact/format/tar"
	"github.com/picketsec/picket/internal/limits"
)

// write makes an archive with Go's writer.
func write(t testing.TB, headers ...stdtar.Header) []byte {
	t.Helper()
	var b bytes.Buffer
	w := stdtar.NewWriter(&b)
	for _, h := range headers {
		content := h.Uname // the tests carry the content there
		h.Uname, h.Size, h.Mode = "", int64(len(content)), 0o644
		if err := w.WriteHeader(&h); err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(w, content); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// file is a header with content for write.
func file(name, content string) stdtar.Header { return stdtar.Header{Name: name, Uname: content} }

// patch changes a header block and corrects its checksum.
func patch(archive []byte, block int, edit func(h []byte)) []byte {
	archive = bytes.Clone(archive)
	h := archive[block*512:][:512]
	edit(h)
	copy(h[148:156], "        ")
	sum := 0
	for _, c := range h {
		sum += int(c)
	}
	copy(h[148:156], fmt.Sprintf("%06o\x00 ", sum))
	return archive
}

// read walks an archive and lists its members as "name=content" and its anomalies.
func read(content []byte, forward bool, l limits.Limits) (members []string, kinds []tar.Kind, end tar.End, err error) {
	blob := format.BytesBlob(content)
	if forward {
		blob = format.StreamBlob(-1, func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(content)), nil })
	}
	end, err = tar.Walk(blob, limits.NewBudget(l), func(m *tar.Member) error {
		for _, a := range m.Anomalies {
			kinds = append(kinds, a.Kind)
		}
		r, err := m.Blob.Open()
		if err != nil {
			return err
		}
		b, err := io.ReadAll(r)
		members = append(members, m.Name+"="+string(b))
		return errors.Join(err, r.Close())
	})
	for _, a := range end.Anomalies {
		kinds = append(kinds, a.Kind)
	}
	return members, kinds, end, err
}

func TestAnomalies(t *testing.T) {
	plain := write(t, file("a.txt", "first"), file("b.txt", "second"))
	long := strings.Repeat("long/", 60) + "name"
	tests := map[string]struct {
		archive  []byte
		members  []string
		kinds    []tar.Kind
		trailing int64
	}{
		"honest":      {plain, []string{"a.txt=first", "b.txt=second"}, nil, -1},
		"long names":  {write(t, file(long, "x")), []string{long + "=x"}, nil, -1},
		"GNU names":   {write(t, stdtar.Header{Name: long, Uname: "x", Format: stdtar.FormatGNU}), []string{long + "=x"}, nil, -1},
		"climbs":      {write(t, file("a/../../b", "x")), []string{"a/../../b=x"}, []tar.Kind{tar.PathEscape}, -1},
		"absolute":    {write(t, file("/etc/b", "x")), []string{"/etc/b=x"}, []tar.Kind{tar.PathEscape}, -1},
		"duplicate":   {write(t, file("a", "x"), file("./a", "y")), []string{"a=x", "./a=y"}, []tar.Kind{tar.Duplicate}, -1},
		"link":        {write(t, stdtar.Header{Name: "d/a", Typeflag: '2', Linkname: "../b"}), []string{"d/a="}, []tar.Kind{tar.Link}, -1},
		"link out":    {write(t, stdtar.Header{Name: "d/a", Typeflag: '2', Linkname: "../../b"}), []string{"d/a="}, []tar.Kind{tar.LinkEscape}, -1},
		"hard link":   {write(t, stdtar.Header{Name: "d/a", Typeflag: '1', Linkname: "/etc/b"}), []string{"d/a="}, []tar.Kind{tar.LinkEscape}, -1},
		"pipe":        {write(t, stdtar.Header{Name: "a", Typeflag: '6'}), []string{"a="}, []tar.Kind{tar.Special}, -1},
		"trailing":    {append(bytes.Clone(plain), "after the end"...), []string{"a.txt=first", "b.txt=second"}, nil, int64(len(plain))},
		"no end":      {plain[:2048], []string{"a.txt=first", "b.txt=second"}, []tar.Kind{tar.NoEnd}, -1},
		"bad header":  {append(bytes.Clone(plain[:1024]), bytes.Repeat([]byte("x"), 512)...), []string{"a.txt=first"}, []tar.Kind{tar.BadHeader}, 1024},
		"lone zeros":  {slices.Concat(plain[:1024], make([]byte, 512), plain[1024:]), []string{"a.txt=first"}, []tar.Kind{tar.LoneZeroBlock}, 1536},
		"folder size": {patch(plain, 0, func(h []byte) { h[156] = '5' }), []string{"a.txt="}, []tar.Kind{tar.HeaderOnlySize, tar.BadHeader}, 512},
		"unknown":     {patch(plain, 0, func(h []byte) { h[156] = 'Q' }), []string{"a.txt=first", "b.txt=second"}, []tar.Kind{tar.UnknownType}, -1},
		"sparse":      {patch(plain, 0, func(h []byte) { h[156] = 'S' }), []string{"a.txt=first", "b.txt=second"}, []tar.Kind{tar.Sparse}, -1},
		"pax size":    {write(t, stdtar.Header{Name: "a", Uname: "x", PAXRecords: map[string]string{"comment": "y"}}), []string{"a=x"}, nil, -1},
	}
	for name, test := range tests {
		for _, forward := range []bool{false, true} {
			members, kinds, end, err := read(test.archive, forward, limits.Default())
			if err != nil {
				t.Errorf("%s: %v", name, err)
			}
			if diff := cmp.Diff(test.members, members); diff != "" {
				t.Errorf("%s (forward %v): members (-want +got):\n%s", name, forward, diff)
			}
			if diff := cmp.Diff(test.kinds, kinds); diff != "" || end.Trailing != test.trailing {
				t.Errorf("%s (forward %v): trailing at %d, anomalies (-want +got):\n%s", name, forward, end.Trailing, diff)
			}
		}
	}
}

func TestPaxLies(t *testing.T) {
	honest := write(t, stdtar.Header{Name: "a", Uname: "content", PAXRecords: map[string]string{"VENDOR.size": "3"}})
	lie := bytes.Replace(honest, []byte("17 VENDOR.size=3\n"), []byte("17 size=000000003"), 1)
	if bytes.Equal(lie, honest) {
		lie = bytes.Replace(honest, []byte("VENDOR.size=3\n"), []byte("size=000000003"), 1)
	}
	i := bytes.Index(lie, []byte("size=000000003"))
	if i < 0 {
		t.Fatalf("the record is not where it should be: %q", honest[:1536])
	}
	lie[i+13] = '\n'
	lie[i+12] = '3'
	members, kinds, _, err := read(lie, false, limits.Default())
	if err != nil || !slices.Contains(kinds, tar.ExtensionLie) || len(members) != 1 || members[0] != "a=con" {
		t.Errorf("%q %v %v", members, kinds, err)
	}
}

func TestTruncationIsAnErrorOrShows(t *testing.T) {
	whole := write(t, file("a.txt", strings.Repeat("first", 200)), file("b.txt", "second"))
	for n := 1; n < len(whole)-1024; n++ {
		for _, forward := range []bool{false, true} {
			_, kinds, _, err := read(whole[:n], forward, limits.Default())
			if err == nil && !slices.Contains(kinds, tar.NoEnd) {
				t.Fatalf("the first %d bytes (forward %v) read as whole", n, forward)
			}
			if err != nil && !errors.Is(err, format.ErrMalformed) {
				t.Fatalf("the first %d bytes: %v", n, err)
			}
		}
	}
}

func TestForwardArchiveIsReadOnce(t *testing.T) {
	var headers []stdtar.Header
	for i := range 20 {
		headers = append(headers, file(fmt.Sprint(i), strings.Repeat(fmt.Sprint(i%10), 3<<20)))
	}
	content := write(t, headers...)
	opened := 0
	blob := format.StreamBlob(-1, func() (io.ReadCloser, error) {
		opened++
		return io.NopCloser(bytes.NewReader(content)), nil
	})
	budget := limits.NewBudget(limits.Default())
	_, err := tar.Walk(blob, budget, func(m *tar.Member) error {
		for _, n := range []int64{1 << 20, 64 << 10, m.Size} { // as the engine looks: a buffer, a head, a detector
			r, err := m.Blob.Open()
			if err != nil {
				return err
			}
			if got, err := io.CopyN(io.Discard, r, n); got != n {
				t.Errorf("%s: %d of %d bytes, %v", m.Name, got, n, err)
			}
			r.Close()
		}
		return nil
	})
	if err != nil || opened != 1 {
		t.Errorf("opened %d times, %v", opened, err)
	}
	if _, err := budget.Hold(budget.Limits().Memory); err != nil {
		t.Errorf("memory is not given back: %v", err)
	}
}

func TestSecondFullReaderGetsTheSame(t *testing.T) {
	want := strings.Repeat("0123456789", 300<<10)
	content := write(t, file("a", want), file("b", "after"))
	blob := format.StreamBlob(-1, func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(content)), nil })
	var names []string
	_, err := tar.Walk(blob, limits.NewBudget(limits.Default()), func(m *tar.Member) error {
		names = append(names, m.Name)
		for range 3 {
			r, err := m.Blob.Open()
			if err != nil {
				return err
			}
			b, err := io.ReadAll(r)
			if err != nil || m.Name == "a" && string(b) != want {
				t.Errorf("%d bytes, %v", len(b), err)
			}
		}
		return nil
	})
	if err != nil || strings.Join(names, " ") != "a b" {
		t.Errorf("%q %v", names, err)
	}
}

func TestMembersAreBounded(t *testing.T) {
	var headers []stdtar.Header
	for i := range 300 {
		headers = append(headers, file(fmt.Sprint(i), ""))
	}
	l := limits.Default()
	l.Members = 100
	if members, _, _, err := read(write(t, headers...), false, l); !errors.Is(err, limits.ErrExceeded) || len(members) != 100 {
		t.Errorf("%d members, %v", len(members), err)
	}
}

func TestMatch(t *testing.T) {
	match := func(b []byte) bool { return tar.New().Match(format.Probe{Head: b}) }
	if !match(write(t, file("a", "x"))) {
		t.Error("an archive is not recognised")
	}
	if match(make([]byte, 1024)) || match([]byte(strings.Repeat("text", 200))) || match(nil) {
		t.Error("other content is recognised")
	}
}

func FuzzWalk(f *testing.F) {
	f.Add(write(f, file("a.txt", "first"), file("b.txt", "second")))
	f.Add(write(f, stdtar.Header{Name: strings.Repeat("n", 200), Uname: "x", Format: stdtar.FormatGNU}, stdtar.Header{Name: "l", Typeflag: '2', Linkname: "/x"}))
	f.Fuzz(func(t *testing.T, content []byte) {
		l := limits.Default()
		l.Members, l.Ops = 1000, 1<<20
		members, kinds, end, err := read(content, false, l)
		streamed, kindsAgain, endAgain, errAgain := read(content, true, l)
		if end.Trailing > int64(len(content)) {
			t.Fatalf("trailing at %d of %d", end.Trailing, len(content))
		}
		if (err == nil) != (errAgain == nil) {
			t.Fatalf("%v and, forward, %v", err, errAgain)
		}
		if err != nil {
			return
		}
		if diff := cmp.Diff(members, streamed); diff != "" || !slices.Equal(kinds, kindsAgain) || end.Trailing != endAgain.Trailing {
			t.Fatalf("seeking and forward reading differ: %v %v %+v %+v\n%s", kinds, kindsAgain, end, endAgain, diff)
		}
	})
}
