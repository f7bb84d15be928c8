package speed_test

import (
	"testing"

	"github.com/picketsec/picket"
	"github.com/picketsec/picket/bench/speed"
)

// TestRemoteModelsCostLittle holds the promise that a scan of remote weights transfers the headers and not the tensors.
func TestRemoteModelsCostLittle(t *testing.T) {
	list, err := speed.Remote(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, x := range list {
		t.Logf("%s: %d bytes, %d requests", x.Model, x.Transferred, x.Requests)
		if x.Verdict != picket.Clean {
			t.Errorf("%s is %v", x.Model, x.Verdict)
		}
		if x.Transferred*100 > x.Bytes {
			t.Errorf("%s: %d of %d bytes were transferred", x.Model, x.Transferred, x.Bytes)
		}
	}
}
