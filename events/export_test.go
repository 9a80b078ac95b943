package events

import "net"

// CarrierOf returns the connection below a Duplex.
func CarrierOf(d *Duplex) net.Conn { return d.st.s.carrierConn() }
