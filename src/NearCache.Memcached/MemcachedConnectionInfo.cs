using System.Net;

namespace NearCache.Memcached;

/// <summary>One of this client's connections, as it was when it was asked for.</summary>
/// <param name="Id">Different for every connection that this process has made: a connection that was replaced never has the id of its successor.</param>
/// <param name="Server">The server's name as configured.</param>
/// <param name="Local">Our address and port: what the server lists under <c>addr</c> in <c>stats conns</c>. Null for a Unix domain socket.</param>
/// <param name="Remote">The server's address.</param>
/// <param name="Age">Since it was made.</param>
/// <param name="Operations">Commands answered so far.</param>
/// <param name="InFlight">Commands that wait for their replies now.</param>
/// <param name="BytesSent">Bytes sent so far.</param>
/// <param name="BytesReceived">Bytes received so far.</param>
public sealed record MemcachedConnectionInfo(
    long Id, string Server, EndPoint? Local, EndPoint? Remote, TimeSpan Age, long Operations, int InFlight, long BytesSent, long BytesReceived);
