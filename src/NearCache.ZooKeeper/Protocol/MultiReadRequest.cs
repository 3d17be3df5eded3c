namespace NearCache.ZooKeeper.Protocol;

/// <summary>Executes several reads at one instant of the server. Each read succeeds or fails separately. Since 3.6.</summary>
internal readonly record struct MultiReadRequest(
    string Chroot, IReadOnlyList<MultiReadOperation> Operations) : IRequest<IReadOnlyList<MultiReadResult>>
{
    public OperationCode Code => OperationCode.MultiRead;

    public string? Path => null;

    // (MultiHeader; ustring path; boolean watch)*; end
    public void WriteTo(JuteWriter writer)
    {
        for (var i = 0; i < Operations.Count; i++)
        {
            var operation = Operations[i];
            new MultiHeader(operation.Code, IsEnd: false).WriteTo(writer);
            writer.WritePath(new ChrootedPath(Chroot, operation.Path));
            writer.WriteBoolean(false);
        }

        MultiHeader.End.WriteTo(writer);
    }

    // (MultiHeader; getData: buffer, Stat; getChildren: vector<ustring>; error: int)*; end
    public IReadOnlyList<MultiReadResult> ReadReply(ref JuteReader reader)
    {
        var results = new List<MultiReadResult>(Operations.Count);
        while (MultiHeader.Read(ref reader) is { IsEnd: false } header)
        {
            results.Add(header.Code switch
            {
                OperationCode.GetData => new MultiReadResult { Data = GetDataRequest.Read(ref reader) },
                OperationCode.GetChildren => new MultiReadResult { Children = reader.ReadStrings() },
                OperationCode.Error => new MultiReadResult { Error = (ZooKeeperErrorCode)reader.ReadInt32() },
                _ => throw new JuteFormatException($"A multiRead reply contains a result of type {(int)header.Code}."),
            });
        }

        return results;
    }
}
