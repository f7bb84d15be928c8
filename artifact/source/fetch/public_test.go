package fetch

import (
	"net/netip"
	"net/url"
	"testing"
)

func TestPublic(t *testing.T) {
	for address, want := range map[string]bool{
		"8.8.8.8": true, "2606:4700::1111": true, "127.0.0.1": false, "10.1.2.3": false, "172.16.0.1": false, "192.168.1.1": false,
		"169.254.169.254": false, "fd00:ec2::254": false, "fe80::1": false, "::1": false, "0.0.0.0": false, "::": false, "224.0.0.1": false,
		"ff02::1": false, "100.64.0.1": false, "255.255.255.255": false, "::ffff:10.0.0.1": false, "64:ff9b::a00:1": false, "2002:a00:1::": false,
	} {
		if got := public(netip.MustParseAddr(address)); got != want {
			t.Errorf("%s: %v", address, got)
		}
	}
}

func TestMeant(t *testing.T) {
	for _, c := range []struct {
		site, ip string
		want     bool
	}{
		{"http://localhost:1", "127.0.0.1", true}, {"http://localhost:1", "10.0.0.1", false}, {"https://10.0.0.1", "10.0.0.1", true},
		{"https://10.0.0.1", "10.0.0.2", false}, {"https://hub.corp", "10.0.0.2", true}, {"https://hub.corp", "127.0.0.1", false},
		{"https://hub.corp", "169.254.169.254", false}, {"https://169.254.169.254", "169.254.169.254", true},
	} {
		u, err := url.Parse(c.site)
		if err != nil {
			t.Fatal(err)
		}
		if got := meant(hostPort(u), netip.MustParseAddr(c.ip)); got != c.want {
			t.Errorf("%s means %s: %v", c.site, c.ip, got)
		}
	}
}
