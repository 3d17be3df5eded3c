using System.Text;

namespace NearCache.Coherence.Core;

/// <summary>
/// The results of factories that this process stored lately without a comparison, and which of them must be removed again because their
/// keys were changed elsewhere.
/// </summary>
/// <remarks>
/// <para>
/// Only for a remote without compare-and-set: a store may overwrite a change that was not heard of yet. When the change is heard of, the
/// item is removed, and the removal is announced, because other processes may have the overwriting value near.
/// </para>
/// <para>
/// The announcement of a removal is a change for other processes, which may answer it by a removal. So a key is announced once in a
/// <see cref="Window"/>, and otherwise only removed. Thread-safe. Decides by the times that it is given.
/// </para>
/// </remarks>
internal sealed class RecentFills
{
    /// <summary>How long after a store a change of its key removes the item, in milliseconds.</summary>
    public const long Window = 10_000;

    /// <summary>
    /// The most keys, and the most removals that are due. Beyond it the oldest keys are forgotten: a process that fills more keys in a
    /// window keeps what overwrote a change.
    /// </summary>
    public const int MaxKeys = 10_000;

    private readonly Lock _lock = new();   // guards all fields
    private readonly Dictionary<string, LinkedListNode<State>> _states = new(StringComparer.Ordinal);
    private readonly LinkedList<State> _touched = new();   // the values of _states, each once, that which was touched first at the front
    private readonly List<FillRemoval> _due = [];

    /// <summary>Gets or sets what is called, without the lock, when a removal is due.</summary>
    public Action? Due { get; set; }

    /// <summary>Records that a result is about to be stored, or was stored.</summary>
    /// <param name="key">The key.</param>
    /// <param name="segment">The segment of the key.</param>
    /// <param name="now">The monotonic clock, in milliseconds.</param>
    public void Stored(string key, int segment, long now)
    {
        lock (_lock)
        {
            var state = Touch(key, now);
            (state.StoredAt, state.Segment) = (now, segment);
        }
    }

    /// <summary>Records that this process announces a change of a key. Its own announcement comes back once, and is ignored.</summary>
    public void Announced(ReadOnlySpan<byte> key, long now)
    {
        lock (_lock)
        {
            var state = Touch(Encoding.UTF8.GetString(key), now);
            (state.StoredAt, state.AnnouncedAt) = (null, now);
        }
    }

    /// <summary>Applies an announcement.</summary>
    public void Heard(Announcement announcement, long now)
    {
        if (announcement.Flushed != 0)
        {
            Heard(announcement.Flushed, now);
            return;
        }

        var key = Encoding.UTF8.GetString(announcement.Key.Span);
        lock (_lock)
        {
            Expire(now);
            if (!_states.TryGetValue(key, out var node))
            {
                return;
            }

            var state = node.Value;
            if (state.AnnouncedAt is not null)
            {
                state.AnnouncedAt = null;
                return;
            }

            Remove(state, now);
        }

        Due?.Invoke();
    }

    /// <summary>Applies that any key of these segments may have changed.</summary>
    public void Heard(ulong segments, long now)
    {
        lock (_lock)
        {
            Expire(now);
            foreach (var state in _touched)
            {
                if ((segments >> state.Segment & 1) != 0)
                {
                    Remove(state, now);
                }
            }
        }

        Due?.Invoke();
    }

    /// <summary>Takes the removals that are due.</summary>
    public IReadOnlyList<FillRemoval> TakeDue()
    {
        lock (_lock)
        {
            FillRemoval[] due = [.. _due];
            _due.Clear();
            return due;
        }
    }

    // Requires _lock.
    private void Remove(State state, long now)
    {
        if (state.StoredAt is null || _due.Count >= MaxKeys)
        {
            return;
        }

        state.StoredAt = null;
        var isFirst = state.RemovedAt is not { } removed || now - removed >= Window;
        if (isFirst)
        {
            state.RemovedAt = now;
        }

        _due.Add(new FillRemoval(state.Key, Announces: isFirst));
    }

    // Requires _lock.
    private State Touch(string key, long now)
    {
        Expire(now);
        if (_states.TryGetValue(key, out var node))
        {
            _touched.Remove(node);
        }
        else
        {
            _states[key] = node = new LinkedListNode<State>(new State(key));
        }

        _touched.AddLast(node);
        node.Value.TouchedAt = now;
        if (_states.Count > MaxKeys)
        {
            Forget(_touched.First!);
        }

        return node.Value;
    }

    // Requires _lock.
    private void Expire(long now)
    {
        while (_touched.First is { } oldest && now - oldest.Value.TouchedAt > Window)
        {
            Forget(oldest);
        }
    }

    // Requires _lock.
    private void Forget(LinkedListNode<State> node)
    {
        _touched.Remove(node);
        _states.Remove(node.Value.Key);
    }

    private sealed class State(string key)
    {
        public string Key => key;

        public long TouchedAt { get; set; }

        public int Segment { get; set; }

        /// <summary>Gets or sets when a result was stored; null if it was removed or replaced since.</summary>
        public long? StoredAt { get; set; }

        /// <summary>Gets or sets when this process announced the key, until the announcement comes back.</summary>
        public long? AnnouncedAt { get; set; }

        /// <summary>Gets or sets when a removal was announced last.</summary>
        public long? RemovedAt { get; set; }
    }
}

/// <summary>A stored result that must be removed.</summary>
/// <param name="Key">The key.</param>
/// <param name="Announces">Whether the removal is announced.</param>
internal readonly record struct FillRemoval(string Key, bool Announces);
