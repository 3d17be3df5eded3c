namespace NearCache.ZooKeeper;

/// <summary>Who a server takes a connection for.</summary>
/// <param name="Scheme">For instance <c>ip</c>, <c>digest</c>, <c>x509</c>, <c>sasl</c>.</param>
/// <param name="User">Who, in the terms of the scheme.</param>
public sealed record ZooKeeperIdentity(string Scheme, string User);
