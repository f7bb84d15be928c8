package known_test

import (
	"encoding/binary"
	"hash/crc32"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/picketsec/picket/artifact/format"
	"github.com/picketsec/picket/artifact/format/known"
)

// probe is what the engine would look at.
func probe(b []byte) format.Probe {
	return format.Probe{Head: b[:min(len(b), format.HeadSize)], Tail: b[max(0, len(b)-format.TailSize):], Size: int64(len(b)), Blob: format.BytesBlob(b)}
}

// matches lists the names of the formats that accept content.
func matches(p format.Probe) string {
	var names []string
	for _, f := range known.Formats() {
		if f.Match(p) {
			names = append(names, f.Info().Name)
		}
	}
	return strings.Join(names, " ")
}

// pb makes a length-delimited field of a protocol buffer of up to 127 bytes.
func pb(number byte, content string) string {
	return string([]byte{number<<3 | 2, byte(len(content))}) + content
}

// tfRecord makes a TensorFlow record.
func tfRecord(content string) string {
	b := binary.LittleEndian.AppendUint64(nil, uint64(len(content)))
	crc := crc32.Checksum(b, crc32.MakeTable(crc32.Castagnoli))
	return string(binary.LittleEndian.AppendUint32(b, (crc>>15|crc<<17)+0xa282ead8)) + content + "\x00\x00\x00\x00"
}

// TestFilesOfUsualWriters runs over files that are named after their format.
func TestFilesOfUsualWriters(t *testing.T) {
	names, err := filepath.Glob("testdata/*.[0-9]")
	if err != nil || len(names) < 6 {
		t.Fatalf("samples: %v %v", names, err)
	}
	for _, name := range names {
		content, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		want, _, _ := strings.Cut(filepath.Base(name), ".")
		if got := matches(probe(content)); got != want {
			t.Errorf("%s: recognised as %q", name, got)
		}
	}
}

func TestRecognition(t *testing.T) {
	zeros := strings.Repeat("\x00", 64)
	piece := func(s string) string { return pb(1, pb(1, s)+"\x15\x00\x00\x00\x00") }
	for content, want := range map[string]string{
		"# Title\n": "text", `{"a": 1}`: "text", "naïve — ünïcode": "text", "x": "text", "\x1b[31mred\x1b[0m": "text",
		"caf\xe9 au lait, na\xefve text of old": "text", "\xff\xfeh\x00i\x00": "text", "\xfe\xff\x00h\x00i": "text", "\ufeffmark": "text",
		"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n": "git-lfs-pointer text",
		"about version https://git-lfs.github.com/spec/v1\n":                 "text",
		"version https://git-lfs.github.com/spec/v1\n":                       "text",

		"\x89PNG\r\n\x1a\n\x00\x00\x00\x0dIHDR" + zeros: "png", "\xff\xd8\xff\xe0\x00\x10JFIF" + zeros: "jpeg", "GIF89a" + zeros: "gif",
		"RIFF\x00\x00\x00\x00WEBPVP8 " + zeros: "webp", "RIFF\x00\x00\x00\x00WAVEfmt " + zeros: "wav", "RIFF\x00\x00\x00\x00AVI LIST" + zeros: "avi",
		"BM\x00\x01\x00\x00\x00\x00\x00\x00\x36\x00\x00\x00\x28" + zeros: "bmp", "II*\x00\x08\x00\x00\x00" + zeros: "tiff", "MM\x00*\x00\x00\x00\x08" + zeros: "tiff",
		"\x00\x00\x01\x00\x01\x00\x10\x10\x00\x00\x01\x00\x20\x00\x28\x00\x00\x00\x16\x00\x00\x00" + zeros: "ico",
		"%PDF-1.7\n\xe2\xe3": "pdf", "ID3\x04\x00\x00\x00\x00\x00\x10" + zeros: "mp3", "OggS\x00\x02" + zeros: "ogg", "fLaC\x00\x00\x00\x22" + zeros: "flac",
		"\x00\x00\x00\x18ftypmp42\x00\x00\x00\x00" + zeros: "mp4", "\x1aE\xdf\xa3\x9fB\x86\x81\x01B\x82\x84webm": "matroska",
		"\x00\x01\x00\x00\x00\x0b\x00\x80\x00\x03\x00\x30GSUB" + zeros: "font", "wOF2" + zeros: "font", "OTTO\x00\x0b\x00\x80\x00\x03\x00\x30CFF " + zeros: "font",
		"SQLite format 3\x00": "sqlite", "\x00\x00\x00\x01Bud1\x00": "ds-store", "PACK\x00\x00\x00\x02": "git-pack", "DIRC\x00\x00\x00\x02": "git-index",
		tfRecord("\x09\x00\x00\x00\x00\x00\x00\x00\x00\x1a\x0dbrain.Event:2"): "tensorboard-log", tfRecord("\x0a\x03abc"): "tfrecord",

		"RKNN" + zeros:    "rknn",
		"B\x00C\x00N\x00": "cntk", "\x04\x00\x00\x00\x01\x00\x00\x00\x03\x00\x00\x00V 1" + zeros: "torch7",
		"\x03\x00\x00\x00\x01\x00\x00\x00\x02\x00\x00\x00\x02\x00\x00\x00\x03\x00\x00\x00net" + zeros: "torch7",
		"\xba\x16\x4f\x2f\x0c\x00\x00\x00": "fasttext", "IxFI\x80\x00\x00\x00" + zeros: "faiss",
		"Obj\x01" + zeros: "avro", "ORC" + zeros + "ORC\x17": "orc", "CDF\x01\x00" + zeros: "netcdf", "MATLAB 5.0 MAT-file, x\x00": "matlab",
		"\xac\xed\x00\x05sr\x00": "java-serialized", "\x1c\xed\x093.46.0.7\x01\xffwater.Iced" + zeros: "h2o-binary",
		"\x00\x01\x00\x00\x00\xff\xff\xff\xff\x01\x00\x00\x00\x00\x00\x00\x00": "net-serialized",
		piece("<unk>") + piece("<s>") + piece("</s>"):                          "sentencepiece",

		"\xca\xfe\xba\xbe\x00\x00\x00\x34" + zeros: "java-class", "\x00asm\x01\x00\x00\x00": "wasm", "dex\n035\x00": "dex", "\x1bLua\x54\x00": "lua-bytecode",
		"MZqFpD='\n": "ape text", "Rar!\x1a\x07\x01\x00": "rar", "MSCF\x00\x00\x00\x00": "cab", "!<arch>\n\x00": "ar",
		"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1": "ole", "L\x00\x00\x00\x01\x14\x02\x00": "lnk",

		// Close, and something else.
		"": "", "\x00\x01\x02\x03": "", "a\x00b": "", "\xff\xff\xff": "", "\xff\xfeh\x00i": "", "RIFF\x00\x00\x00\x00XXXX": "", "\x89PNG": "",
		"\xca\xfe\xba\xbe\x00\x00\x00\x02" + zeros: "", "\x08\x08\x12\xff\xff\xff\xff\x0f": "", "BM are letters\x00" + zeros: "",
		piece("<unk>") + piece("<s>") + piece("</s>") + "\x00": "", piece("<unk>") + piece("<s>") + pb(9, "x"): "", "\x08\x01\x12\x20" + zeros[:32]: "",
		"\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00": "", "\x12\x01" + zeros: "", "TFL3": "text", "\x80\x02}q\x00.": "",
	} {
		if got := matches(probe([]byte(content))); got != want {
			t.Errorf("%q: recognised as %q, want %q", content[:min(40, len(content))], got, want)
		}
	}
}

func TestMP3WithoutTag(t *testing.T) {
	frame := append([]byte{0xff, 0xfb, 0x90, 0x00}, make([]byte, 413)...)
	if got := matches(probe(append(frame, frame...))); got != "mp3" {
		t.Errorf("two frames are %q", got)
	}
	if got := matches(probe(frame)); got != "" {
		t.Errorf("one frame is %q", got)
	}
}

func TestLongText(t *testing.T) {
	for name, unit := range map[string]string{"two bytes": "ä", "three bytes": "漢", "four bytes": "😀"} {
		for _, shift := range []string{"", "x", "xx", "xxx"} {
			long := shift + strings.Repeat(unit, format.HeadSize)
			if got := matches(probe([]byte(long))); got != "text" {
				t.Errorf("%s, shifted by %d: recognised as %q", name, len(shift), got)
			}
		}
	}
	latin := []byte(strings.Repeat("caf\xe9 cr\xe8me and milk\n", 20_000))
	if got := matches(probe(latin)); got != "text" {
		t.Errorf("long text of an old encoding: %q", got)
	}
	if got := matches(probe(append([]byte(strings.Repeat("plain\n", 20_000)), latin...))); got != "text" {
		t.Errorf("text of an old encoding that begins plain: %q", got)
	}
	for i := range latin[100_000:200_000] {
		latin[100_000+i] = 0
	}
	if got := matches(probe(latin)); got != "" {
		t.Errorf("text with a binary middle: %q", got)
	}
	long := strings.Repeat("plain text\n", 10_000)
	if got := matches(probe([]byte(long + "\x12\x01" + long))); got != "" {
		t.Errorf("text with two other bytes: %q", got)
	}
}

func TestForwardOnlyContent(t *testing.T) {
	long := strings.Repeat("plain text\n", 10_000)
	p := format.Probe{Head: []byte(long[:format.HeadSize]), Size: -1, Blob: format.StreamBlob(-1, func() (io.ReadCloser, error) {
		return io.NopCloser(strings.NewReader(long)), nil
	})}
	if got := matches(p); got != "text" {
		t.Errorf("recognised as %q", got)
	}
}

// TestTensorsAreUnknown looks at what tensor storage holds: taking it for something else would be a false alarm.
func TestTensorsAreUnknown(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	makers := map[string]func([]byte){
		"random": func(b []byte) {
			for i := range b {
				b[i] = byte(rng.Uint32())
			}
		},
		"float32": func(b []byte) {
			for i := 0; i+4 <= len(b); i += 4 {
				binary.LittleEndian.PutUint32(b[i:], math.Float32bits(float32(rng.NormFloat64()*0.02)))
			}
		},
		"bfloat16": func(b []byte) {
			for i := 0; i+2 <= len(b); i += 2 {
				binary.LittleEndian.PutUint16(b[i:], uint16(math.Float32bits(float32(rng.NormFloat64()))>>16))
			}
		},
		"small int64": func(b []byte) {
			for i := 0; i+8 <= len(b); i += 8 {
				binary.LittleEndian.PutUint64(b[i:], uint64(rng.IntN(5)))
			}
		},
		"small int32": func(b []byte) {
			for i := 0; i+4 <= len(b); i += 4 {
				binary.LittleEndian.PutUint32(b[i:], uint32(rng.IntN(9)-4))
			}
		},
		"int8": func(b []byte) {
			for i := range b {
				b[i] = byte(int8(rng.NormFloat64() * 30))
			}
		},
	}
	for name, fill := range makers {
		for range 3000 {
			b := make([]byte, 64+8*rng.IntN(30))
			fill(b)
			if got := matches(probe(b)); got != "" {
				t.Errorf("%s: %q is taken for %q", name, b, got)
			}
		}
	}
}

func TestFactsAreComplete(t *testing.T) {
	names := map[string]bool{}
	for _, f := range known.Formats() {
		i := f.Info()
		if names[i.Name] || i.Name == "" || i.Title == "" || i.MediaType == "" || !strings.HasPrefix(i.Spec, "https://") || !i.Forward {
			t.Errorf("%+v: a fact is missing or a name is used twice", i)
		}
		names[i.Name] = true
	}
}

func FuzzMatch(f *testing.F) {
	for _, seed := range []string{"\x08\x08\x12\x07pytorch\x1a\x032.0:\x05", "\x08\x01\x12\x20", "\x0a\x0e\x0a\x05<unk>\x15", "\xff\xfeh\x00", "{L\x00\x00\x00\x00\x00\x00\x00\x01a{"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		first := matches(probe(b))
		if second := matches(probe(b)); first != second {
			t.Errorf("%q then %q", first, second)
		}
		if strings.Contains(" "+first+" ", " text ") && strings.ContainsRune(string(b), 0) && b[0] < 0xfe {
			t.Errorf("%q is text", b)
		}
	})
}
