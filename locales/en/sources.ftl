# Where work comes from besides people: others' servers that are asked, files of other trackers, feeds.

outbound-no-address = “{ $address }” is no address that begins with http:// or https://.
outbound-private = { $host } is, or leads to, a private address, and those are not asked. Whoever runs this Milepost can allow it (--allow-private-addresses).
outbound-unreached = { $host } was not reached: { $why }.
outbound-unconnected = There is no connection to { $host }: { $why }.
outbound-late = { $host } did not answer within { $seconds } seconds.
outbound-broken = The answer of { $host } broke off: { $why }.
outbound-too-large = The answer of { $host } is larger than { $limit } KB.
outbound-redirects = { $host } leads on, and that more than { $limit } times.
outbound-no-client = Nothing can be asked from this machine: { $why }.
