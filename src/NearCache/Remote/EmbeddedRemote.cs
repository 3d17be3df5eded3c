namespace NearCache.Remote;

/// <summary>
/// A remote tier inside the process, for development, tests and the quick start: nothing is shared with anybody, and nothing outlives the
/// process.
/// </summary>
internal sealed class EmbeddedRemote(TimeProvider time) : IRemote
{
    public IReadOnlyList<IRemoteServer> Servers { get; } = [new EmbeddedServer(time)];

    public bool IsEmbedded => true;

    public int IndexOf(ReadOnlySpan<byte> key) => 0;

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
