package pickle

import (
	"bytes"
	"errors"
	"math"
	"strconv"
	"strings"
)

// number reports whether a line is an integer as picklers write it: decimal, without blanks, zeros in front, "-0", "+" or
// underscores. Digits is the line itself, so that every reader agrees on its value.
func number(line []byte) (digits string, plain bool) {
	b := bytes.TrimPrefix(line, []byte("-"))
	if len(b) == 0 || b[0] == '0' && len(line) > 1 {
		return string(line), false
	}
	for _, c := range b {
		if c < '0' || c > '9' {
			return string(line), false
		}
	}
	return string(line), true
}

// loose is a decimal as Python's int takes it, and C's up to a zero byte: blanks around, a sign, underscores.
func loose(line []byte) string {
	s, _, _ := strings.Cut(string(line[:min(len(line), 4096)]), "\x00")
	s = strings.Trim(s, " \t\r\v\f")
	s = strings.TrimPrefix(s, "+")
	return strings.ReplaceAll(s, "_", "")
}

func isRange(err error) bool { return errors.Is(err, strconv.ErrRange) }

// maxDigits is how many digits Python converts to an integer unless it is told otherwise.
const maxDigits = 4300

// opInt is INT: a decimal line, where 00 and 01 are False and True.
func opInt(m *Machine) error {
	line, err := m.line()
	if err != nil {
		return err
	}
	switch string(line) {
	case "00":
		return m.push(value(Bool, 0))
	case "01":
		return m.push(value(Bool, 1))
	}
	return m.pushDecimal(line)
}

// opLong is LONG: a decimal line with an optional L at its end.
func opLong(m *Machine) error {
	line, err := m.line()
	if err != nil {
		return err
	}
	return m.pushDecimal(bytes.TrimSuffix(line, []byte("L")))
}

// pushDecimal pushes the number of a line; one that readers do not all agree on is not known.
func (m *Machine) pushDecimal(line []byte) error {
	digits, plain := number(line)
	if !plain || len(digits) > maxDigits {
		kind := IntForm
		if bytes.HasSuffix(line, []byte("\r")) {
			kind = LineEnding
		}
		if err := m.anomaly(kind, "number %q", clip(line)); err != nil {
			return err
		}
		return m.push(unknownInt)
	}
	n, err := strconv.ParseInt(digits, 10, 64)
	if err != nil {
		return m.push(unknownInt)
	}
	return m.push(m.int(Int, n))
}

// opFloat is FLOAT: a line that repr of a float wrote.
func opFloat(m *Machine) error {
	line, err := m.line()
	if err != nil {
		return err
	}
	if !plainFloat(line) {
		kind := FloatForm
		if bytes.HasSuffix(line, []byte("\r")) {
			kind = LineEnding
		}
		if err := m.anomaly(kind, "number %q", clip(line)); err != nil {
			return err
		}
	}
	return m.push(value(Float, 0))
}

// plainFloat reports whether C and Python both read the line as the same float.
func plainFloat(line []byte) bool {
	switch string(line) {
	case "nan", "inf", "-inf", "-nan":
		return true
	}
	if len(line) == 0 || len(line) > maxDigits || len(bytes.Trim(line, "0123456789+-.eE")) > 0 ||
		len(bytes.TrimLeft(line, "0123456789+-.eE")) > 0 {
		return false
	}
	f, err := strconv.ParseFloat(string(line), 64)
	return !math.IsInf(f, 0) && (err == nil || isRange(err))
}

func opBinInt(m *Machine) error {
	b, err := m.arg(4)
	if err != nil {
		return err
	}
	return m.push(m.int(Int, int64(int32(le32(b)))))
}

func opBinInt1(m *Machine) error {
	b, err := m.arg(1)
	if err != nil {
		return err
	}
	return m.push(value(Int, uint32(b[0])))
}

func opBinInt2(m *Machine) error {
	b, err := m.arg(2)
	if err != nil {
		return err
	}
	return m.push(value(Int, uint32(b[0])|uint32(b[1])<<8))
}

func opBinFloat(m *Machine) error {
	if _, err := m.arg(8); err != nil {
		return err
	}
	return m.push(value(Float, 0))
}

func opLong1(m *Machine) error {
	b, err := m.arg(1)
	if err != nil {
		return err
	}
	return m.pushLong(int64(b[0]))
}

func opLong4(m *Machine) error {
	b, err := m.arg(4)
	if err != nil {
		return err
	}
	n := int64(int32(le32(b)))
	if n < 0 {
		return m.malformed("the length of an integer is negative")
	}
	return m.pushLong(n)
}

// pushLong pushes a little-endian two's complement number of n bytes.
func (m *Machine) pushLong(n int64) error {
	if n > 8 {
		if err := m.skip(n); err != nil {
			return err
		}
		return m.push(unknownInt)
	}
	b, err := m.arg(int(n))
	if err != nil {
		return err
	}
	var x uint64
	for i, c := range b {
		x |= uint64(c) << (8 * i)
	}
	if shift := 64 - 8*n; n > 0 {
		return m.push(m.int(Int, int64(x<<shift)>>shift))
	}
	return m.push(value(Int, 0))
}

func le32(b []byte) uint32 {
	return uint32(b[0]) | uint32(b[1])<<8 | uint32(b[2])<<16 | uint32(b[3])<<24
}

func le64(b []byte) uint64 { return uint64(le32(b)) | uint64(le32(b[4:]))<<32 }

// clip shortens input for a message.
func clip(b []byte) []byte { return b[:min(len(b), 80)] }
