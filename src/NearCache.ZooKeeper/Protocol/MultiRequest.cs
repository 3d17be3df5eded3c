namespace NearCache.ZooKeeper.Protocol;

/// <summary>Executes several writes as one transaction.</summary>
internal readonly record struct MultiRequest(string Chroot, IReadOnlyList<MultiOperation> Operations) : IRequest<IReadOnlyList<MultiResult>>
{
    public static bool IsWrite => true;

    public OperationCode Code => OperationCode.Multi;

    public string? Path => null;

    // (MultiHeader; the request of the part)*; MultiHeader { -1, true, -1 }
    public void WriteTo(JuteWriter writer)
    {
        for (var i = 0; i < Operations.Count; i++)
        {
            var operation = Operations[i];
            new MultiHeader(operation.Code, IsEnd: false).WriteTo(writer);
            operation.WriteTo(writer, Chroot);
        }

        MultiHeader.End.WriteTo(writer);
    }

    // (MultiHeader; result)*; end. The header determines the type of the result: 3.8 replies to create2 with create.
    public IReadOnlyList<MultiResult> ReadReply(ref JuteReader reader)
    {
        var results = new List<MultiResult>(Operations.Count);
        while (MultiHeader.Read(ref reader) is { IsEnd: false } header)
        {
            results.Add(header.Code switch
            {
                OperationCode.Create => new MultiResult { Path = ChrootedPath.RemoveChroot(Chroot, reader.ReadString()) },
                OperationCode.Create2 or OperationCode.CreateContainer or OperationCode.CreateTtl =>
                    new MultiResult { Path = ChrootedPath.RemoveChroot(Chroot, reader.ReadString()), Stat = StatRecord.Read(ref reader) },
                OperationCode.SetData => new MultiResult { Stat = StatRecord.Read(ref reader) },
                OperationCode.Delete or OperationCode.Check => new MultiResult(),
                OperationCode.Error => new MultiResult { Error = (ZooKeeperErrorCode)reader.ReadInt32() },
                _ => throw new JuteFormatException($"A multi reply contains a result of type {(int)header.Code}."),
            });
        }

        return results;
    }
}
