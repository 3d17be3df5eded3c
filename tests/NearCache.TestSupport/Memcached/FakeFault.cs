namespace NearCache.TestSupport.Memcached;

/// <summary>What a <see cref="FakeMemcached"/> does wrong with one command.</summary>
public sealed record FakeFault
{
    private FakeFault()
    {
    }

    /// <summary>Carries the command out and never answers it; later answers come, too early by one.</summary>
    public static FakeFault Drop { get; } = new() { Reply = [] };

    /// <summary>Closes the connection instead of carrying the command out.</summary>
    public static FakeFault CloseBefore { get; } = new() { IsClosedBefore = true };

    /// <summary>Carries the command out and closes the connection instead of answering.</summary>
    public static FakeFault CloseAfter { get; } = new() { Reply = [], ClosesAfter = true };

    internal byte[]? Reply { get; private init; }

    internal int? Keep { get; private init; }

    internal bool IsClosedBefore { get; private init; }

    internal bool ClosesAfter { get; private init; }

    /// <summary>Carries the command out and answers with these bytes instead.</summary>
    public static FakeFault Garbage(byte[] bytes) => new() { Reply = bytes };

    /// <summary>Answers with these bytes and closes.</summary>
    public static FakeFault GarbageAndClose(byte[] bytes) => new() { Reply = bytes, ClosesAfter = true };

    /// <summary>Carries the command out, sends so many bytes of the answer and closes.</summary>
    public static FakeFault CloseWithinReply(int bytes) => new() { Keep = bytes, ClosesAfter = true };
}
