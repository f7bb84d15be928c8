package xgboost

import (
	"errors"
	"io"
	"strconv"

	"github.com/picketsec/picket/artifact/format"
	"github.com/picketsec/picket/artifact/format/ubjson"
	"github.com/picketsec/picket/internal/jsonstream"
	"github.com/picketsec/picket/internal/limits"
)

// maxNest is how deep containers may nest. Models nest ten deep; XGBoost's reader of JSON recurses.
const maxNest = 64

// event is one token of either encoding.
type event struct {
	kind   jsonstream.Kind
	at     int64
	text   []byte
	cut    bool
	whole  int64 // the value of a number that is whole
	floats bool  // an array of numbers that can be skipped
	count  int64 // elements of such an array
}

// source gives the tokens of a document.
type source interface {
	next() (event, error)
	skip() error // the elements of an array of numbers, whose start was the last event
	offset() int64
}

// jsonSource reads JSON.
type jsonSource struct {
	r      *jsonstream.Reader
	budget *limits.Budget
	tokens int64
}

func newJSON(in io.Reader, budget *limits.Budget) source {
	return &jsonSource{r: jsonstream.New(in, jsonstream.Options{Depth: maxNest, Text: MaxText, Python: true}), budget: budget}
}

func (s *jsonSource) next() (event, error) {
	const charge = 1 << 10 // tokens at once
	if s.tokens++; s.tokens%charge == 0 {
		if err := s.budget.Ops(charge); err != nil {
			return event{}, err
		}
	}
	t, err := s.r.Next()
	if broken, ok := errors.AsType[*jsonstream.Error](err); ok {
		err = format.Malformed(broken.Offset, "not JSON: %s", broken.Reason)
	}
	e := event{kind: t.Kind, at: t.Offset, text: t.Text, cut: t.Cut}
	switch {
	case err != nil:
	case t.Kind == jsonstream.Number:
		e.whole = whole(t.Text)
	case t.Kind == jsonstream.Literal && len(t.Text) > 0 && t.Text[0] == 't':
		e.whole = 1
	}
	return e, err
}

func (s *jsonSource) skip() error   { return nil }
func (s *jsonSource) offset() int64 { return s.r.Offset() }

// notWhole stands for a number that is none of 32 bits; no index has it.
const notWhole = -1 << 62

// whole reads an integer; other numbers give notWhole.
func whole(text []byte) int64 {
	var n int64
	digits := text
	if len(digits) > 0 && digits[0] == '-' {
		digits = digits[1:]
	}
	if len(digits) == 0 || len(digits) > 15 {
		return notWhole
	}
	for _, c := range digits {
		if c < '0' || c > '9' {
			return notWhole
		}
		n = n*10 + int64(c-'0')
	}
	if len(digits) < len(text) {
		n = -n
	}
	return n
}

// count reads a parameter that is written as text; -1 when it is none.
func count(text string) int64 {
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < 0 {
		return -1
	}
	return n
}

// ubjsonSource reads Universal Binary JSON.
type ubjsonSource struct{ r *ubjson.Reader }

func newUBJSON(in io.Reader, budget *limits.Budget) source {
	return &ubjsonSource{r: ubjson.New(in, budget, ubjson.Options{Depth: maxNest, Text: MaxText})}
}

func (s *ubjsonSource) next() (event, error) {
	t, err := s.r.Next()
	return event{kind: t.Kind, at: t.Offset, text: t.Text, cut: t.Cut, whole: t.Whole,
		floats: t.Kind == jsonstream.ArrayStart && ubjson.Width(t.Type) > 0, count: t.Count}, err
}

func (s *ubjsonSource) skip() error   { return s.r.Skip() }
func (s *ubjsonSource) offset() int64 { return s.r.Offset() }
