namespace NearCache.ZooKeeper.Protocol;

/// <summary>Reads the identities that the server has accepted for the connection. Since 3.7.</summary>
internal readonly record struct WhoAmIRequest : IRequest<IReadOnlyList<ZooKeeperIdentity>>
{
    private const int MinBytes = 8;

    public OperationCode Code => OperationCode.WhoAmI;

    public string? Path => null;

    public void WriteTo(JuteWriter writer)
    {
    }

    // vector<ClientInfo { ustring authScheme; ustring user }>
    public IReadOnlyList<ZooKeeperIdentity> ReadReply(ref JuteReader reader)
    {
        var identities = new ZooKeeperIdentity[reader.ReadCount(MinBytes)];
        for (var i = 0; i < identities.Length; i++)
        {
            identities[i] = new ZooKeeperIdentity { Scheme = reader.ReadString(), User = reader.ReadString() };
        }

        return identities;
    }
}
