// run_winrm URL COMMAND: WinRS with github.com/masterzen/winrm and its default
// transport, which knows Basic authentication and the proxy variables.
package main

import (
	"fmt"
	"net/url"
	"os"
	"strconv"
	"time"

	"github.com/masterzen/winrm"
)

func run(where, command string) (int, error) {
	to, err := url.Parse(where)
	if err != nil {
		return 1, err
	}
	port, err := strconv.Atoi(to.Port())
	if err != nil {
		return 1, err
	}
	endpoint := winrm.NewEndpoint(to.Hostname(), port, false, false, nil,
		nil, nil, time.Minute)
	client, err := winrm.NewClient(endpoint, "any", "any")
	if err != nil {
		return 1, err
	}
	return client.Run(command, os.Stdout, os.Stderr)
}

func main() {
	code, err := run(os.Args[1], os.Args[2])
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(code)
}
