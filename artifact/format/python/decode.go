package python

import (
	"bytes"
	"compress/bzip2"
	"compress/gzip"
	"compress/zlib"
	"encoding/ascii85"
	"encoding/base32"
	"encoding/base64"
	"encoding/hex"
	"io"
	"strings"
)

// decodes reports whether a function turns what nobody can read into something else.
func decodes(name string) bool {
	switch name {
	case "base64.b64decode", "base64.decodebytes", "base64.decodestring", "base64.standard_b64decode", "base64.urlsafe_b64decode", "base64.b32decode",
		"base64.b16decode", "base64.b85decode", "base64.a85decode", "binascii.unhexlify", "binascii.a2b_base64", "binascii.a2b_hex", "codecs.decode",
		"codecs.getdecoder()", "zlib.decompress", "gzip.decompress", "bz2.decompress", "lzma.decompress", "bytes.fromhex", "bytearray.fromhex", "marshal.loads",
		"cryptography.fernet.Fernet().decrypt", "zlib.decompressobj().decompress", "rot13.rot13":
		return true
	}
	return strings.HasSuffix(name, ").decrypt") || strings.HasSuffix(name, "_decode") && strings.HasPrefix(name, "codecs.")
}

// foldedText makes a computed text unless there were too many.
func (p *parser) foldedText(text string, binary bool, t Taint) Value {
	if p.folded += len(text); p.folded > maxFolded {
		return Value{Taint: t}
	}
	return Value{Texts: []string{text}, Binary: binary, Taint: t}
}

// text computes decoders of known text.
func (p *parser) text(name string, args []Arg) (Value, bool) {
	a := argument(args, 0)
	if p.folded > maxFolded {
		return Value{}, false
	}
	switch name {
	case "str", "bytes", "bytearray", "memoryview":
		if len(a.Texts) > 0 {
			return Value{Texts: a.Texts, Binary: name != "str", Taint: a.Taint}, true
		}
		if s, ok := numbers(a); ok && name != "str" {
			return p.foldedText(s, true, Decoded), true
		}
		return Value{}, false
	case "reversed":
		return slice(a, nil, nil, &Value{number: -1, isWhole: true}), len(a.Texts) > 0
	case "map":
		if b := argument(args, 1); len(a.Names) > 0 && a.Names[0] == "chr" {
			if s, ok := numbers(b); ok {
				return p.foldedText(latin(s), false, Decoded), true
			}
			return Value{Taint: Decoded}, true
		}
		return Value{}, false
	}
	if len(a.Texts) == 0 {
		return Value{}, false
	}
	kind := ""
	if name == "codecs.decode" || name == "codecs.encode" {
		if b := argument(args, 1); len(b.Texts) > 0 {
			kind = b.Texts[0]
		}
	}
	out, ok := decode(name, kind, a.Texts[0])
	if !ok {
		return Value{}, false
	}
	return p.foldedText(out, true, a.Taint|Decoded), true
}

// numbers is the text whose characters are the numbers of a list.
func numbers(v Value) (string, bool) {
	if !v.isList || len(v.Items) == 0 {
		return "", false
	}
	b := make([]byte, 0, len(v.Items))
	for _, item := range v.Items {
		if !item.isWhole || item.number < 0 || item.number > 255 {
			return "", false
		}
		b = append(b, byte(item.number))
	}
	return string(b), true
}

// latin makes characters of bytes.
func latin(s string) string {
	var b strings.Builder
	for i := range len(s) {
		b.WriteRune(rune(s[i]))
	}
	return b.String()
}

// decode computes one decoder.
func decode(name, kind, s string) (string, bool) {
	var out []byte
	var err error
	switch name {
	case "base64.b64decode", "base64.decodebytes", "base64.decodestring", "base64.standard_b64decode", "binascii.a2b_base64":
		out, err = base64.StdEncoding.DecodeString(strings.Join(strings.Fields(s), ""))
	case "base64.urlsafe_b64decode":
		out, err = base64.URLEncoding.DecodeString(strings.Join(strings.Fields(s), ""))
	case "base64.b32decode":
		out, err = base32.StdEncoding.DecodeString(s)
	case "base64.b16decode", "binascii.unhexlify", "binascii.a2b_hex", "bytes.fromhex", "bytearray.fromhex":
		out, err = hex.DecodeString(strings.Join(strings.Fields(s), ""))
	case "base64.a85decode":
		out = make([]byte, 4*len(s)+4)
		var n int
		n, _, err = ascii85.Decode(out, []byte(s), true)
		out = out[:n]
	case "zlib.decompress":
		out, err = inflated(zlib.NewReader(strings.NewReader(s)))
	case "gzip.decompress":
		out, err = inflated(gzip.NewReader(strings.NewReader(s)))
	case "bz2.decompress":
		out, err = inflated(bzip2.NewReader(strings.NewReader(s)), nil)
	case "codecs.decode", "codecs.encode":
		return codec(kind, s)
	default:
		return "", false
	}
	return string(out), err == nil
}

// inflated reads what a decompressor gives, up to a bound.
func inflated[R io.Reader](r R, err error) ([]byte, error) {
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	_, err = io.Copy(&b, io.LimitReader(r, maxLiteral))
	return b.Bytes(), err
}

// codec decodes text by the name of an encoding.
func codec(kind, s string) (string, bool) {
	switch strings.ReplaceAll(strings.ToLower(kind), "-", "_") {
	case "rot13", "rot_13":
		return strings.Map(func(r rune) rune {
			switch {
			case r >= 'a' && r <= 'z':
				return 'a' + (r-'a'+13)%26
			case r >= 'A' && r <= 'Z':
				return 'A' + (r-'A'+13)%26
			}
			return r
		}, s), true
	case "hex", "hex_codec":
		return decode("bytes.fromhex", "", s)
	case "base64", "base64_codec":
		return decode("base64.b64decode", "", s)
	case "zlib", "zip", "zlib_codec":
		return decode("zlib.decompress", "", s)
	case "utf_8", "utf8", "ascii", "latin_1", "latin1", "":
		return s, true
	}
	return "", false
}
