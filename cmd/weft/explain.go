package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"syscall"

	"weft/core"
	"weft/events"
	wefttls "weft/transport/tls"
)

// outputError is that a response could not be written.
type outputError struct {
	name string
	err  error
}

func (e *outputError) Error() string {
	return fmt.Sprintf("cannot write %s: %v", e.name, reason(e.err))
}
func (e *outputError) Unwrap() error { return e.err }

// explain says in words what went wrong, and what would work.
func (g *getter) explain(t *target, err error) error {
	var output *outputError
	var body *dataError
	if errors.As(err, &output) || errors.As(err, &body) {
		return err
	}
	var e *events.Error
	if !errors.As(err, &e) {
		return err
	}
	session := g.sessions[originOf(t.url)]
	if cause := causeOf(e, session); cause != nil {
		err = cause
		errors.As(err, &e)
	}
	switch {
	case errors.Is(err, events.ErrConnect):
		return connectError(t, err)
	case errors.Is(err, events.ErrAbort):
		return context.Canceled
	case !isRemote(err):
		return errors.New(e.Message)
	case session.spoke.Load():
	case t.url.Scheme == "http":
		return fmt.Errorf("%s does not answer in HTTP/2; if it speaks TLS use https://", t.url.Host)
	default:
		return fmt.Errorf("%s agreed to HTTP/2 and does not speak it: %w", t.url.Host, err)
	}
	switch e.Fault {
	case core.FaultNone:
	case core.FaultBodyLength:
		return errors.New("the response's body does not have the length that its content-length announced")
	case core.FaultEOF:
		return errors.New("the server closed the connection before the response was complete")
	case core.FaultGoneAway:
		return errors.New("the server is shutting down and did not take the request; try again")
	case core.FaultKeepAlive:
		return errors.New("the server does not answer any more")
	default:
		return fmt.Errorf("the server broke the protocol: %v (%v, %s)", e.Fault, e.HTTP2, e.Fault.Rule())
	}
	switch {
	case errors.Is(err, events.ErrSessionError) && e.ByPeer:
		return fmt.Errorf("the server ended the connection with %v", e.HTTP2)
	case errors.Is(err, events.ErrSessionError):
		return fmt.Errorf("the connection was lost: %w", reasonOf(e))
	case errors.Is(err, events.ErrStreamError) && e.HTTP2 == core.Cancel && !e.ByPeer:
		return errors.New("the server closed the connection before the response was complete")
	case errors.Is(err, events.ErrStreamError):
		return fmt.Errorf("the server reset the stream with %v before the response was complete", e.HTTP2)
	case errors.Is(err, events.ErrGoAwaySession):
		return errors.New("the server is shutting down and takes no more requests; try again")
	}
	return err
}

// causeOf is why the session ended, if the request could not even be sent.
func causeOf(e *events.Error, s *session) error {
	switch {
	case errors.Is(e, events.ErrStreamCancel):
		return e.Cause
	case errors.Is(e, events.ErrInvalidSession):
		return s.Err()
	}
	return nil
}

// isRemote reports whether an error is about the server or the connection, not
// about what was to be sent.
func isRemote(err error) bool {
	for _, remote := range []error{
		events.ErrStreamError, events.ErrSessionError, events.ErrHTTP2, events.ErrGoAwaySession,
		events.ErrStreamCancel, events.ErrInvalidSession,
	} {
		if errors.Is(err, remote) {
			return true
		}
	}
	return false
}

func reasonOf(e *events.Error) error {
	if errors.Is(e, syscall.ECONNRESET) {
		return errors.New("the server reset it")
	}
	if e.Cause != nil {
		return e.Cause
	}
	return e
}

// lookupError says why a host has no address.
func lookupError(err *net.DNSError) error {
	if err.IsNotFound {
		return fmt.Errorf("there is no host %s", err.Name)
	}
	return fmt.Errorf("cannot look up the host %s: %s; is there a network?", err.Name, err.Err)
}

// connectError says why there is no connection.
func connectError(t *target, err error) error {
	var (
		dns       *net.DNSError
		authority x509.UnknownAuthorityError
		hostname  x509.HostnameError
		invalid   x509.CertificateInvalidError
		protocol  *wefttls.ProtocolError
		record    tls.RecordHeaderError
		op        *net.OpError
	)
	host := t.url.Host
	switch {
	case errors.As(err, &dns):
		return lookupError(dns)
	case errors.Is(err, syscall.ECONNREFUSED):
		return fmt.Errorf("cannot connect to %s: connection refused; is a server running there?", host)
	case errors.As(err, &authority):
		return fmt.Errorf("the certificate of %s is signed by an unknown authority; trust that with --cacert FILE, or anyone with -k", host)
	case errors.As(err, &hostname):
		return fmt.Errorf("the certificate of %s is for another host: %w; -k connects all the same", host, hostname)
	case errors.As(err, &invalid):
		return fmt.Errorf("the certificate of %s is not valid: %w; -k connects all the same", host, invalid)
	case errors.As(err, &protocol):
		return fmt.Errorf("%s does not speak HTTP/2: %w", host, protocol)
	case errors.As(err, &record):
		return fmt.Errorf("%s does not speak TLS; for HTTP/2 without it use http://", host)
	case errors.As(err, &op):
		return fmt.Errorf("cannot connect to %s: %w", host, op.Err)
	}
	var e *events.Error
	if errors.As(err, &e) && e.Cause != nil {
		return fmt.Errorf("cannot connect to %s: %w", host, e.Cause)
	}
	return err
}
