using System.Runtime.CompilerServices;
using NearCache.Transport;
using NearCache.Transport.Readiness;
using NearCache.Transport.Scheduling;

namespace NearCache.Memcached.Connections;

/// <summary>
/// The receive loop: reads replies, runs continuations, sends the requests that they issue, and reads again. It uses one thread at a time,
/// and none while nothing arrives.
/// </summary>
/// <remarks>
/// Not an async method, because the thread that reads may have to leave the loop to another thread in the middle of a batch; see
/// <see cref="CompletionBatch"/>. A thread that has worked for long yields to other connections, or to other work of the pool.
/// </remarks>
internal sealed class ReadLoop : IThreadPoolWorkItem, IReadinessCallback, IWatchdogTarget
{
    private const int FlushEvery = 64;
    private const int CheckEvery = 16;
    private const int ChecksUntilStuck = 2;

    private readonly ReplyReader _reader;
    private readonly Stream _stream;
    private readonly EpollStream? _epoll;
    private readonly Flusher _flusher;
    private readonly string _server;
    private readonly TimeProvider _time = TimeProvider.System;
    private readonly InlineCompletionPolicy _inlinePolicy;
    private readonly SpinBeforeWait _spin;
    private readonly long _longTurn;
    private readonly long _longBatch;
    private readonly ScheduledCompletionSource<ConnectionFailure> _ended = new(SerialWorkQueue.Current);
    private readonly Action _onRead;
    private readonly Action _onLarge;
    private ConfiguredValueTaskAwaitable<int>.ConfiguredValueTaskAwaiter _reading;
    private ConfiguredValueTaskAwaitable<ConnectionFailure?>.ConfiguredValueTaskAwaiter _readingLarge;
    private long _lastWord;
    private int _unchanged;
    private volatile bool _hasWork;
    private bool _hasNextRequest;
    private EpollThread? _thread;

    public ReadLoop(ReplyReader reader, TransportConnection transport, Flusher flusher, string server)
    {
        (_reader, _stream, _flusher, _server) = (reader, transport.Stream, flusher, server);
        _epoll = _stream as EpollStream;
        _inlinePolicy = new InlineCompletionPolicy(_time.TimestampFrequency);
        _spin = new SpinBeforeWait(_time.TimestampFrequency);
        _longTurn = _time.TimestampFrequency / 500;
        _longBatch = _time.TimestampFrequency / 2000;
        _onRead = () => Run(ReadStep.TakeRead);
        _onLarge = () => Run(ReadStep.TakeLarge);
    }

    private enum ReadStep
    {
        Read,
        TakeRead,
        TakeLarge,
    }

    /// <summary>Runs the loop; completes with the reason when the connection has ended. Called once.</summary>
    public async Task<ConnectionFailure> RunAsync()
    {
        ThreadWatchdog.Add(this);
        WorkScheduler.Queue(this);
        var failure = await _ended.Task.ConfigureAwait(false);
        ThreadWatchdog.Remove(this);
        _reader.Release();
        return failure;
    }

    /// <summary>Gets a value that indicates whether continuations ran on the loop's thread since the last check.</summary>
    public bool HasWork => _hasWork;

    void IThreadPoolWorkItem.Execute() => Run(ReadStep.Read);

    void IReadinessCallback.OnReady() => Run(ReadStep.Read);

    /// <summary>
    /// Detects a thread that has not moved since the last check, and lets another thread continue. Returns whether there was work since the
    /// last check.
    /// </summary>
    public bool Check()
    {
        var word = _reader.Completions.Word;
        var thread = Volatile.Read(ref _thread);
        var hasWorked = _hasWork || _reader.Completions.IsRunning;
        _unchanged = word == _lastWord ? _unchanged + 1 : 0;
        if (_unchanged >= ChecksUntilStuck && _reader.Completions.TryTakeOver(word))
        {
            _inlinePolicy.OnBlocked(_time.GetTimestamp());
            _flusher.FlushOnPool();
            thread?.Replace();
            WorkScheduler.Queue(this);
        }

        (_lastWord, _hasWork) = (word, false);
        return hasWorked;
    }

    private void Run(ReadStep step)
    {
        try
        {
            var started = _time.GetTimestamp();
            while (TryTake(ref step))
            {
                if (_reader.Completions.Count > 0)
                {
                    var now = _time.GetTimestamp();
                    if (!CompleteBatch(now))
                    {
                        return;
                    }

                    if (now - started > _longTurn)
                    {
                        if (_epoll is not null && EpollThread.Current is not null)
                        {
                            _epoll.NotifyWhenReadable(this);
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
            // After any exception the position in the stream is unknown.
            _ended.TrySetResult(ConnectionFailure.Lost(_server, e.Message, e));
        }
    }

#pragma warning disable CA2012 // The result of each awaiter is taken once, by the step that follows.
    /// <summary>Reads once and parses what has arrived. Returns false if the loop continues by itself later, or has ended.</summary>
    private bool TryTake(ref ReadStep step)
    {
        ConnectionFailure? failure;
        int count;
        if (step == ReadStep.TakeLarge)
        {
            failure = _readingLarge.GetResult();
        }
        else
        {
            if (step == ReadStep.TakeRead)
            {
                count = _reading.GetResult();
            }
            else if (_epoll is not null)
            {
                if (!_epoll.TryRead(_reader.FreeBuffer.Span, out count) && !TrySpin(_epoll, out count))
                {
                    _epoll.NotifyWhenReadable(this);
                    return false;
                }
            }
            else
            {
                _reading = _stream.ReadAsync(_reader.FreeBuffer, CancellationToken.None).ConfigureAwait(false).GetAwaiter();
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

        step = ReadStep.Read;
        failure ??= _reader.Read();
        if (failure is null && _reader.HasLargeValue && !TryReadLargeValues(out failure))
        {
            return false;
        }

        if (failure is null)
        {
            return true;
        }

        QueueBatch();
        _ended.TrySetResult(failure);
        return false;
    }

    /// <summary>Reads large values. Returns false if the loop continues by itself when one has arrived.</summary>
    private bool TryReadLargeValues(out ConnectionFailure? failure)
    {
        failure = null;
        while (failure is null && _reader.HasLargeValue)
        {
            // Only its own caller waits for a large value.
            QueueBatch();
            _readingLarge = _reader.ReadLargeValueAsync().ConfigureAwait(false).GetAwaiter();
            if (!_readingLarge.IsCompleted)
            {
                _readingLarge.UnsafeOnCompleted(_onLarge);
                return false;
            }

            failure = _readingLarge.GetResult() ?? _reader.Read();
        }

        return true;
    }

#pragma warning restore CA2012

    /// <summary>Spins for the reply of a single caller that has issued its next request.</summary>
    private bool TrySpin(EpollStream epoll, out int count)
    {
        count = 0;
        if (!_hasNextRequest || !_spin.ShouldSpin())
        {
            return false;
        }

        var hasArrived = false;
        for (var began = _time.GetTimestamp(); !hasArrived && _time.GetTimestamp() - began < _spin.SpinTicks;)
        {
            Thread.SpinWait(4);
            hasArrived = epoll.TryRead(_reader.FreeBuffer.Span, out count);
        }

        _spin.Record(hasArrived);
        return hasArrived;
    }

    /// <summary>Runs the continuations of the completed operations. Returns false if another thread has taken over the loop.</summary>
    private bool CompleteBatch(long now)
    {
        if (!_inlinePolicy.AllowsInline(now))
        {
            QueueBatch();
            return true;
        }

        _hasWork = true;
        Interlocked.MemoryBarrier();
        Volatile.Write(ref _thread, EpollThread.Current);
        if (!ThreadWatchdog.IsAwake)
        {
            ThreadWatchdog.Wake();
        }

        var batch = _reader.Completions;
        var count = batch.Count;
        var number = batch.Begin();
        _flusher.BeginDefer();
        var done = 0;
        var sending = 0L;   // not counted as the continuations' time
        while (batch.TryTake(number) is { } operation)
        {
            CompletionBatch.Complete(operation);
            done++;
            if (_flusher.DeferredCount >= FlushEvery)
            {
                var before = _time.GetTimestamp();
                _flusher.FlushDeferred();
                sending += _time.GetTimestamp() - before;
            }

            if (done % CheckEvery == 0 && done < count && _time.GetTimestamp() - now > _longBatch)
            {
                EndInlineRun(done, now + sending);
                return batch.TryHandOff(number);
            }
        }

        EndInlineRun(done, now + sending);
        return batch.TryEnd(number);
    }

    private void EndInlineRun(int callers, long since)
    {
        var end = _time.GetTimestamp();
        _hasNextRequest = callers == 1 && _flusher.DeferredCount == 1;
        _flusher.EndDefer();
        _inlinePolicy.Record(callers, end - since, end);
    }

    private void QueueBatch()
    {
        if (_reader.Completions.Count > 0)
        {
            _reader.Completions.TryHandOff(_reader.Completions.Begin());
        }
    }
}
