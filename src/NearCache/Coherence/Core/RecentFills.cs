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

    // The oldest are forgotten beyond this number. A fleet that fills more keys in a window keeps what an overwritten change left.
    private const int MaxKeys = 10_000;

    private readonly Lock _lock = new();   // guards all fields
    private readonly Dictionary<string, State> _states = new(StringComparer.Ordinal);
    private readonly Queue<(string Key, long At)> _touched = new();   // every change of a time in _states, the oldest first
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
            if (!_states.TryGetValue(key, out var state))
            {
                return;
            }

            if (state.AnnouncedAt is not null)
            {
                state.AnnouncedAt = null;
                return;
            }

            Remove(key, state, now);
        }

        Due?.Invoke();
    }

    /// <summary>Applies that any key of these segments may have changed.</summary>
    public void Heard(ulong segments, long now)
    {
        lock (_lock)
        {
            Expire(now);
            foreach (var (key, state) in _states)
            {
                if ((segments >> state.Segment & 1) != 0)
                {
                    Remove(key, state, now);
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
    private void Remove(string key, State state, long now)
    {
        if (state.StoredAt is null)
        {
            return;
        }

        state.StoredAt = null;
        var isFirst = state.RemovedAt is not { } removed || now - removed >= Window;
        if (isFirst)
        {
            state.RemovedAt = now;
        }

        _due.Add(new FillRemoval(key, Announces: isFirst));
    }

    // Requires _lock.
    private State Touch(string key, long now)
    {
        Expire(now);
        if (!_states.TryGetValue(key, out var state))
        {
            _states.Add(key, state = new State());
        }

        state.TouchedAt = now;
        _touched.Enqueue((key, now));
        while (_states.Count > MaxKeys)
        {
            Forget();
        }

        return state;
    }

    // Requires _lock. A key may have been touched again since.
    private void Expire(long now)
    {
        while (_touched.TryPeek(out var oldest) && now - oldest.At > Window)
        {
            Forget();
        }
    }

    // Requires _lock.
    private void Forget()
    {
        var (key, at) = _touched.Dequeue();
        if (_states.TryGetValue(key, out var state) && state.TouchedAt == at)
        {
            _states.Remove(key);
        }
    }

    private sealed class State
    {
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
