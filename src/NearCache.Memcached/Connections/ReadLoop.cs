using System.Runtime.CompilerServices;
using NearCache.Transport;

namespace NearCache.Memcached.Connections;

/// <summary>
/// Reads, lets callers go on, sends what they asked for next, and reads again: one thread at a time, none while nothing comes.
/// </summary>
/// <remarks>
/// Not an async method, since the thread that reads may have to leave the loop to another in the middle of a batch: see
/// <see cref="CompletionBatch"/>. A thread that has worked for long lets other connections have their turn, or goes back to the pool and
/// queues up behind others.
/// </remarks>
internal sealed class ReadLoop : IThreadPoolWorkItem, IReadinessCallback, IWatchdogTarget
{
    private const int FlushEvery = 64;
    private const int LookEvery = 16;
    private const int LooksUntilStuck = 2;

    private readonly ReplyReader _reader;
    private readonly Stream _stream;
    private readonly EpollStream? _ready;
    private readonly Flusher _flusher;
    private readonly string _server;
    private readonly TimeProvider _time = TimeProvider.System;
    private readonly InlineCompletionPolicy _pace;
    private readonly SpinBeforeWait _look;
    private readonly long _longTurn;
    private readonly long _longBatch;
    private readonly TaskCompletionSource<ConnectionFailure> _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Action _onRead;
    private readonly Action _onLarge;
    private ConfiguredValueTaskAwaitable<int>.ConfiguredValueTaskAwaiter _reading;
    private ConfiguredValueTaskAwaitable<ConnectionFailure?>.ConfiguredValueTaskAwaiter _readingLarge;
    private long _lastWord;
    private int _same;
    private volatile bool _hasWorked;
    private bool _isAskedAgain;
    private EpollThread? _thread;

    public ReadLoop(ReplyReader reader, TransportConnection transport, Flusher flusher, string server)
    {
        (_reader, _stream, _flusher, _server) = (reader, transport.Stream, flusher, server);
        _ready = _stream as EpollStream;
        _pace = new InlineCompletionPolicy(_time.TimestampFrequency);
        _look = new SpinBeforeWait(_time.TimestampFrequency);
        _longTurn = _time.TimestampFrequency / 500;
        _longBatch = _time.TimestampFrequency / 2000;
        _onRead = () => Run(Step.TakeRead);
        _onLarge = () => Run(Step.TakeLarge);
    }

    private enum Step
    {
        Read,
        TakeRead,
        TakeLarge,
    }

    /// <summary>Begins, and completes with the reason when the connection has ended. To be called once.</summary>
    public async Task<ConnectionFailure> RunAsync()
    {
        ThreadWatchdog.Add(this);
        WorkScheduler.Queue(this);
        var failure = await _ended.Task.ConfigureAwait(false);
        ThreadWatchdog.Remove(this);
        _reader.Release();
        return failure;
    }

    /// <summary>Whether callers went on on this loop's thread since it was looked at.</summary>
    public bool HasWorked => _hasWorked;

    void IThreadPoolWorkItem.Execute() => Run(Step.Read);

    void IReadinessCallback.Ready() => Run(Step.Read);

    /// <summary>
    /// Looks whether the thread is stuck where it was the last time, and then lets another go on. Whether there was work since.
    /// </summary>
    public bool Inspect()
    {
        var word = _reader.Ready.Word;
        var thread = Volatile.Read(ref _thread);
        var hasWorked = _hasWorked || _reader.Ready.IsRunning;
        _same = word == _lastWord ? _same + 1 : 0;
        if (_same >= LooksUntilStuck && _reader.Ready.TryTakeOver(word))
        {
            _pace.Blocked(_time.GetTimestamp());
            _flusher.StartElsewhere();
            thread?.Replace();
            WorkScheduler.Queue(this);
        }

        (_lastWord, _hasWorked) = (word, false);
        return hasWorked;
    }

    private void Run(Step step)
    {
        try
        {
            var started = _time.GetTimestamp();
            while (TryTake(ref step))
            {
                if (_reader.Ready.Count > 0)
                {
                    var now = _time.GetTimestamp();
                    if (!LetGoOn(now))
                    {
                        return;
                    }

                    if (now - started > _longTurn)
                    {
                        if (_ready is not null && EpollThread.Current is not null)
                        {
                            _ready.WhenReadable(this);
                            return;
                        }

                        WorkScheduler.Queue(this);
                        return;
                    }
                }
            }
        }
        catch (Exception e)
        {
            // Whatever it is, what follows in the stream cannot be understood any more.
            _ended.TrySetResult(ConnectionFailure.Lost(_server, e.Message, e));
        }
    }

#pragma warning disable CA2012 // Each awaiter is asked for its result once, by the step that follows.
    /// <summary>Reads once and understands what came. False when the loop goes on by itself later, or has ended.</summary>
    private bool TryTake(ref Step step)
    {
        ConnectionFailure? failure;
        int count;
        if (step == Step.TakeLarge)
        {
            failure = _readingLarge.GetResult();
        }
        else
        {
            if (step == Step.TakeRead)
            {
                count = _reading.GetResult();
            }
            else if (_ready is not null)
            {
                if (!_ready.TryRead(_reader.Free.Span, out count) && !TryLook(_ready, out count))
                {
                    _ready.WhenReadable(this);
                    return false;
                }
            }
            else
            {
                _reading = _stream.ReadAsync(_reader.Free, CancellationToken.None).ConfigureAwait(false).GetAwaiter();
                if (!_reading.IsCompleted)
                {
                    _reading.UnsafeOnCompleted(_onRead);
                    return false;
                }

                count = _reading.GetResult();
            }

            if (count == 0)
            {
                _ended.TrySetResult(ConnectionFailure.Lost(_server, "the server closed it", null));
                return false;
            }

            _reader.Advance(count);
            failure = null;
        }

        step = Step.Read;
        failure ??= _reader.Read();
        while (failure is null && _reader.HasLarge)
        {
            // Nobody waits for a large value but its own caller.
            LetGoOnElsewhere();
            _readingLarge = _reader.ReadLargeAsync().ConfigureAwait(false).GetAwaiter();
            if (!_readingLarge.IsCompleted)
            {
                _readingLarge.UnsafeOnCompleted(_onLarge);
                return false;
            }

            failure = _readingLarge.GetResult() ?? _reader.Read();
        }

        if (failure is null)
        {
            return true;
        }

        LetGoOnElsewhere();
        _ended.TrySetResult(failure);
        return false;
    }

#pragma warning restore CA2012

    /// <summary>Looks for a moment whether the reply of a lone caller, who has asked again, is there.</summary>
    private bool TryLook(EpollStream ready, out int count)
    {
        count = 0;
        if (!_isAskedAgain || !_look.IsWorthwhile())
        {
            return false;
        }

        var hasCome = false;
        for (var began = _time.GetTimestamp(); !hasCome && _time.GetTimestamp() - began < _look.Ticks;)
        {
            Thread.SpinWait(4);
            hasCome = ready.TryRead(_reader.Free.Span, out count);
        }

        _look.Add(hasCome);
        return hasCome;
    }

    /// <summary>Lets the callers of what was answered go on. False if another thread has taken over the loop meanwhile.</summary>
    private bool LetGoOn(long now)
    {
        if (!_pace.IsQuick(now))
        {
            LetGoOnElsewhere();
            return true;
        }

        _hasWorked = true;
        Interlocked.MemoryBarrier();
        Volatile.Write(ref _thread, EpollThread.Current);
        if (!ThreadWatchdog.IsAwake)
        {
            ThreadWatchdog.Wake();
        }

        var batch = _reader.Ready;
        var count = batch.Count;
        var number = batch.Begin();
        _flusher.Defer();
        var done = 0;
        var sending = 0L;   // not the callers' time
        while (batch.TryTake(number) is { } operation)
        {
            CompletionBatch.Complete(operation);
            done++;
            if (_flusher.Deferred >= FlushEvery)
            {
                var before = _time.GetTimestamp();
                _flusher.FlushDeferred();
                sending += _time.GetTimestamp() - before;
            }

            if (done % LookEvery == 0 && done < count && _time.GetTimestamp() - now > _longBatch)
            {
                Told(done, now + sending);
                return batch.TryGiveAway(number);
            }
        }

        Told(done, now + sending);
        return batch.TryEnd(number);
    }

    private void Told(int callers, long since)
    {
        var end = _time.GetTimestamp();
        _isAskedAgain = callers == 1 && _flusher.Deferred == 1;
        _flusher.Undefer();
        _pace.Add(callers, end - since, end);
    }

    private void LetGoOnElsewhere()
    {
        if (_reader.Ready.Count > 0)
        {
            _reader.Ready.TryGiveAway(_reader.Ready.Begin());
        }
    }
}
