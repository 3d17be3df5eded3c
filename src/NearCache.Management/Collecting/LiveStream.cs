using System.Threading.Channels;

namespace NearCache.Management.Collecting;

/// <summary>The viewers of one stream of server-sent events. Each event is encoded once, whatever the number of viewers.</summary>
internal sealed class LiveStream
{
    /// <summary>The most viewers.</summary>
    public const int MostViewers = 1000;

    private readonly Lock _lock = new();   // guards the list
    private LiveViewer[] _viewers = [];

    /// <summary>Gets the number of viewers.</summary>
    public int Count => Volatile.Read(ref _viewers).Length;

    /// <summary>Adds a viewer. Returns null if there are too many.</summary>
    /// <param name="drop">Called once if the viewer is dropped because it does not read. Must not block.</param>
    public LiveViewer? TryAdd(Action drop)
    {
        var viewer = new LiveViewer(drop);
        lock (_lock)
        {
            if (_viewers.Length >= MostViewers)
            {
                return null;
            }

            _viewers = [.. _viewers, viewer];
        }

        return viewer;
    }

    /// <summary>Removes a viewer.</summary>
    public void Remove(LiveViewer viewer)
    {
        lock (_lock)
        {
            _viewers = [.. _viewers.Where(other => other != viewer)];
        }
    }

    /// <summary>Gives an event to every viewer. A viewer without room for it is dropped.</summary>
    public void Send(ReadOnlyMemory<byte> encoded)
    {
        foreach (var viewer in Volatile.Read(ref _viewers))
        {
            if (!viewer.TryGive(encoded))
            {
                Remove(viewer);
                viewer.Drop();
            }
        }
    }
}

/// <summary>One viewer of a stream.</summary>
/// <param name="drop">Called if it is dropped.</param>
internal sealed class LiveViewer(Action drop)
{
    // A viewer that has not taken this many events is slow.
    private const int MostWaiting = 4;

    private readonly Channel<ReadOnlyMemory<byte>> _events =
        Channel.CreateBounded<ReadOnlyMemory<byte>>(new BoundedChannelOptions(MostWaiting) { SingleReader = true });

    /// <summary>Gets the events that wait to be sent.</summary>
    public ChannelReader<ReadOnlyMemory<byte>> Events => _events.Reader;

    /// <summary>Gives the viewer an event. Returns false if there is no room.</summary>
    public bool TryGive(ReadOnlyMemory<byte> encoded) => _events.Writer.TryWrite(encoded);

    /// <summary>Ends the events, and the connection.</summary>
    public void Drop()
    {
        _events.Writer.TryComplete();
        drop();
    }
}
