using System.Runtime.CompilerServices;

namespace NearCache;

/// <summary>A cache with two tiers: memcached, and in front of it an in-process near tier for the keys that a rule matches.</summary>
/// <remarks>
/// <para>
/// A key has 1 to 250 bytes of UTF-8 including the configured key prefix. It contains no spaces or control characters, and does not begin
/// with the reserved prefixes <c>~nc:</c> and <c>~tag:</c>. An invalid key throws <see cref="ArgumentException"/> before anything is sent.
/// </para>
/// <para>
/// A value is stored with all its state, or the write throws: <see cref="NotSupportedException"/> when values of its type cannot be written
/// or read back, <see cref="ArgumentException"/> when this value cannot. Both name the type and the remedy; see <c>docs/values.md</c>.
/// </para>
/// <para>
/// A near hit was the newest completed write at some instant within the last <c>MaxStaleness</c>, provided that every writer uses
/// NearCache.
/// </para>
/// <para>All members are thread-safe.</para>
/// </remarks>
public interface INearCache
{
    /// <summary>Gets the value of a key from the near tier, or else from memcached.</summary>
    /// <typeparam name="T">
    /// The type of the stored value. A value of another type, or one that cannot be read, is a miss that is counted and logged.
    /// <see cref="object"/> is read as a <see cref="System.Text.Json.JsonElement"/>.
    /// </typeparam>
    /// <returns>The value and its source; <see cref="CacheSource.None"/> on a miss. A near hit returns a completed task.</returns>
    /// <exception cref="ArgumentException">The key is invalid.</exception>
    /// <exception cref="NearCacheException">
    /// memcached failed and <c>OnRemoteFailure</c> is <c>Throw</c>. By default a failure is a miss.
    /// </exception>
    ValueTask<CacheResult<T>> GetAsync<T>(string key, CancellationToken cancellationToken = default);

    /// <summary>Gets the value of a key that is part of a larger text. A string is allocated only when there is no near hit.</summary>
    /// <exception cref="ArgumentException">The key is invalid.</exception>
    /// <exception cref="NearCacheException">
    /// memcached failed and <c>OnRemoteFailure</c> is <c>Throw</c>. By default a failure is a miss.
    /// </exception>
    ValueTask<CacheResult<T>> GetAsync<T>(ReadOnlySpan<char> key, CancellationToken cancellationToken = default) =>
        GetAsync<T>(key.ToString(), cancellationToken);

    /// <summary>
    /// Gets the value of a key that is written as an interpolated string such as <c>$"product:{id}"</c>. The compiler selects this
    /// overload. A string is allocated only when there is no near hit.
    /// </summary>
    /// <param name="key">The interpolated string. It is cleared by the call.</param>
    /// <param name="cancellationToken">Cancels the wait.</param>
    /// <exception cref="ArgumentException">The key is invalid.</exception>
    /// <exception cref="NearCacheException">
    /// memcached failed and <c>OnRemoteFailure</c> is <c>Throw</c>. By default a failure is a miss.
    /// </exception>
    ValueTask<CacheResult<T>> GetAsync<T>(ref DefaultInterpolatedStringHandler key, CancellationToken cancellationToken = default) =>
        GetAsync<T>(key.ToStringAndClear(), cancellationToken);

    /// <summary>Gets the value of a key. On a miss, calls <paramref name="factory"/> and stores its result.</summary>
    /// <remarks>
    /// <para>
    /// In each process one caller runs the factory of a key; with leases, one process of the fleet does. The others wait for its result.
    /// Cancelling ends the wait of one caller; the factory's token is cancelled when the last caller has left.
    /// </para>
    /// <para>
    /// A call that begins after a <see cref="RemoveAsync"/> or set of the key does not join a factory that began before. The result of that
    /// factory does not replace what was set.
    /// </para>
    /// <para>
    /// Storing the result of a factory is not announced to other processes, because it is a read of the source. With
    /// <see cref="CacheEntryOptions.EagerRefresh"/> or <see cref="CacheEntryOptions.FactorySoftTimeout"/> a factory may continue after its
    /// caller has its answer, so it must not use anything that ends with the caller's request.
    /// </para>
    /// </remarks>
    /// <exception cref="ArgumentException">The key is invalid.</exception>
    /// <exception cref="NearCacheException">
    /// memcached failed and <c>OnRemoteFailure</c> is <c>Throw</c>, or the factory timed out (<see cref="FactoryTimeoutException"/>).
    /// </exception>
    ValueTask<T> GetOrCreateAsync<T>(
        string key,
        Func<CancellationToken, ValueTask<T>> factory,
        CacheEntryOptions? options = null,
        CancellationToken cancellationToken = default);

    /// <summary>
    /// Gets or creates the value of a key that is part of a larger text. A string is allocated only when there is no near hit. See
    /// <see cref="GetOrCreateAsync{T}(string, Func{CancellationToken, ValueTask{T}}, CacheEntryOptions?, CancellationToken)"/>.
    /// </summary>
    /// <exception cref="ArgumentException">The key is invalid.</exception>
    /// <exception cref="NearCacheException">
    /// memcached failed and <c>OnRemoteFailure</c> is <c>Throw</c>, or the factory timed out (<see cref="FactoryTimeoutException"/>).
    /// </exception>
    ValueTask<T> GetOrCreateAsync<T>(
        ReadOnlySpan<char> key,
        Func<CancellationToken, ValueTask<T>> factory,
        CacheEntryOptions? options = null,
        CancellationToken cancellationToken = default) =>
        GetOrCreateAsync(key.ToString(), factory, options, cancellationToken);

    /// <summary>
    /// Gets or creates the value of a key that is written as an interpolated string such as <c>$"product:{id}"</c>. The compiler selects
    /// this overload. A string is allocated only when there is no near hit. See
    /// <see cref="GetOrCreateAsync{T}(string, Func{CancellationToken, ValueTask{T}}, CacheEntryOptions?, CancellationToken)"/>.
    /// </summary>
    /// <param name="key">The interpolated string. It is cleared by the call.</param>
    /// <param name="factory">
    /// The source. A factory that captures nothing allocates nothing; pass what it needs as its state otherwise.
    /// </param>
    /// <param name="options">The options of this call.</param>
    /// <param name="cancellationToken">Cancels the wait.</param>
    /// <exception cref="ArgumentException">The key is invalid.</exception>
    /// <exception cref="NearCacheException">
    /// memcached failed and <c>OnRemoteFailure</c> is <c>Throw</c>, or the factory timed out (<see cref="FactoryTimeoutException"/>).
    /// </exception>
    ValueTask<T> GetOrCreateAsync<T>(
        ref DefaultInterpolatedStringHandler key,
        Func<CancellationToken, ValueTask<T>> factory,
        CacheEntryOptions? options = null,
        CancellationToken cancellationToken = default) =>
        GetOrCreateAsync(key.ToStringAndClear(), factory, options, cancellationToken);

    /// <summary>
    /// Gets or creates the value of a key with a factory that takes its arguments as <paramref name="state"/> and needs no closure. See
    /// <see cref="GetOrCreateAsync{T}(string, Func{CancellationToken, ValueTask{T}}, CacheEntryOptions?, CancellationToken)"/>.
    /// </summary>
    /// <exception cref="ArgumentException">The key is invalid.</exception>
    /// <exception cref="NearCacheException">memcached failed and <c>OnRemoteFailure</c> is <c>Throw</c>.</exception>
    ValueTask<T> GetOrCreateAsync<TState, T>(
        string key,
        TState state,
        Func<TState, CancellationToken, ValueTask<T>> factory,
        CacheEntryOptions? options = null,
        CancellationToken cancellationToken = default);

    /// <summary>
    /// Gets or creates the value of a key that is part of a larger text. A string is allocated only when there is no near hit. See
    /// <see cref="GetOrCreateAsync{T}(string, Func{CancellationToken, ValueTask{T}}, CacheEntryOptions?, CancellationToken)"/>.
    /// </summary>
    /// <exception cref="ArgumentException">The key is invalid.</exception>
    /// <exception cref="NearCacheException">memcached failed and <c>OnRemoteFailure</c> is <c>Throw</c>.</exception>
    ValueTask<T> GetOrCreateAsync<TState, T>(
        ReadOnlySpan<char> key,
        TState state,
        Func<TState, CancellationToken, ValueTask<T>> factory,
        CacheEntryOptions? options = null,
        CancellationToken cancellationToken = default) =>
        GetOrCreateAsync(key.ToString(), state, factory, options, cancellationToken);

    /// <summary>
    /// Gets or creates the value of a key that is written as an interpolated string such as <c>$"product:{id}"</c>. The compiler selects
    /// this overload. A string is allocated only when there is no near hit. See
    /// <see cref="GetOrCreateAsync{T}(string, Func{CancellationToken, ValueTask{T}}, CacheEntryOptions?, CancellationToken)"/>.
    /// </summary>
    /// <param name="key">The interpolated string. It is cleared by the call.</param>
    /// <param name="state">Passed to the factory.</param>
    /// <param name="factory">The source.</param>
    /// <param name="options">The options of this call.</param>
    /// <param name="cancellationToken">Cancels the wait.</param>
    /// <exception cref="ArgumentException">The key is invalid.</exception>
    /// <exception cref="NearCacheException">memcached failed and <c>OnRemoteFailure</c> is <c>Throw</c>.</exception>
    ValueTask<T> GetOrCreateAsync<TState, T>(
        ref DefaultInterpolatedStringHandler key,
        TState state,
        Func<TState, CancellationToken, ValueTask<T>> factory,
        CacheEntryOptions? options = null,
        CancellationToken cancellationToken = default) =>
        GetOrCreateAsync(key.ToStringAndClear(), state, factory, options, cancellationToken);

    /// <summary>
    /// Gets or creates the value of a key, and returns its source. See
    /// <see cref="GetOrCreateAsync{T}(string, Func{CancellationToken, ValueTask{T}}, CacheEntryOptions?, CancellationToken)"/>.
    /// </summary>
    /// <exception cref="ArgumentException">The key is invalid.</exception>
    /// <exception cref="NearCacheException">memcached failed and <c>OnRemoteFailure</c> is <c>Throw</c>.</exception>
    ValueTask<CacheResult<T>> GetOrCreateResultAsync<T>(
        string key,
        Func<CancellationToken, ValueTask<T>> factory,
        CacheEntryOptions? options = null,
        CancellationToken cancellationToken = default);

    /// <summary>
    /// Gets or creates the value of a key that is part of a larger text, and returns its source. A string is allocated only when there is
    /// no near hit. See
    /// <see cref="GetOrCreateResultAsync{T}(string, Func{CancellationToken, ValueTask{T}}, CacheEntryOptions?, CancellationToken)"/>.
    /// </summary>
    /// <exception cref="ArgumentException">The key is invalid.</exception>
    /// <exception cref="NearCacheException">memcached failed and <c>OnRemoteFailure</c> is <c>Throw</c>.</exception>
    ValueTask<CacheResult<T>> GetOrCreateResultAsync<T>(
        ReadOnlySpan<char> key,
        Func<CancellationToken, ValueTask<T>> factory,
        CacheEntryOptions? options = null,
        CancellationToken cancellationToken = default) =>
        GetOrCreateResultAsync(key.ToString(), factory, options, cancellationToken);

    /// <summary>
    /// Gets or creates the value of a key that is written as an interpolated string such as <c>$"product:{id}"</c>, and returns its source.
    /// The compiler selects this overload. A string is allocated only when there is no near hit. See
    /// <see cref="GetOrCreateResultAsync{T}(string, Func{CancellationToken, ValueTask{T}}, CacheEntryOptions?, CancellationToken)"/>.
    /// </summary>
    /// <param name="key">The interpolated string. It is cleared by the call.</param>
    /// <param name="factory">The source.</param>
    /// <param name="options">The options of this call.</param>
    /// <param name="cancellationToken">Cancels the wait.</param>
    /// <exception cref="ArgumentException">The key is invalid.</exception>
    /// <exception cref="NearCacheException">memcached failed and <c>OnRemoteFailure</c> is <c>Throw</c>.</exception>
    ValueTask<CacheResult<T>> GetOrCreateResultAsync<T>(
        ref DefaultInterpolatedStringHandler key,
        Func<CancellationToken, ValueTask<T>> factory,
        CacheEntryOptions? options = null,
        CancellationToken cancellationToken = default) =>
        GetOrCreateResultAsync(key.ToStringAndClear(), factory, options, cancellationToken);

    /// <summary>
    /// Stores a value. After the call has returned, near tiers serve an older value for at most <c>MaxStaleness</c>, usually for
    /// milliseconds.
    /// </summary>
    /// <exception cref="ArgumentException">The key is invalid.</exception>
    /// <exception cref="NearCacheException">
    /// The write failed, or its outcome is unknown (<see cref="NearCacheException.OutcomeUnknown"/>).
    /// </exception>
    Task SetAsync<T>(string key, T value, CacheEntryOptions? options = null, CancellationToken cancellationToken = default);

    /// <summary>Stores a value if the key is absent.</summary>
    /// <returns>True if the value was stored; false if the key has a value.</returns>
    /// <exception cref="ArgumentException">The key is invalid.</exception>
    /// <exception cref="NearCacheException">The write failed, or its outcome is unknown.</exception>
    /// <exception cref="NotSupportedException">
    /// The remote tier is not memcached; see <see cref="NearCacheOptions.DistributedCache"/>.
    /// </exception>
    Task<bool> AddAsync<T>(string key, T value, CacheEntryOptions? options = null, CancellationToken cancellationToken = default);

    /// <summary>Stores a value if the stored value still has <paramref name="version"/>.</summary>
    /// <param name="version">The <see cref="CacheResult{T}.Version"/> of a read.</param>
    /// <remarks>
    /// On a new connection the server's counters are read first, so that a version from before a restart never matches an item written
    /// after it.
    /// </remarks>
    /// <returns>True if the value was stored; false if the key was changed or removed since, or if its server has lost its items.</returns>
    /// <exception cref="ArgumentException">The key is invalid, or the version is <see cref="CacheVersion.None"/>.</exception>
    /// <exception cref="NearCacheException">The write failed, or its outcome is unknown.</exception>
    /// <exception cref="NotSupportedException">
    /// The remote tier is not memcached; see <see cref="NearCacheOptions.DistributedCache"/>.
    /// </exception>
    Task<bool> CompareAndSetAsync<T>(
        string key, T value, CacheVersion version, CacheEntryOptions? options = null, CancellationToken cancellationToken = default);

    /// <summary>Sets the remaining lifetime of a key. The value does not change.</summary>
    /// <returns>True if the key exists; otherwise, false.</returns>
    /// <exception cref="ArgumentException">The key is invalid.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The lifetime is less than one second.</exception>
    /// <exception cref="NearCacheException">The write failed, or its outcome is unknown.</exception>
    /// <exception cref="NotSupportedException">
    /// The remote tier is not memcached; see <see cref="NearCacheOptions.DistributedCache"/>.
    /// </exception>
    Task<bool> TouchAsync(string key, TimeSpan lifetime, CancellationToken cancellationToken = default);

    /// <summary>Removes a key.</summary>
    /// <returns>True if the key existed; otherwise, false.</returns>
    /// <exception cref="ArgumentException">The key is invalid.</exception>
    /// <exception cref="NearCacheException">The removal failed, or its outcome is unknown.</exception>
    Task<bool> RemoveAsync(string key, CancellationToken cancellationToken = default);

    /// <summary>Gets the values of many keys. All servers are read concurrently, with pipelined commands.</summary>
    /// <remarks>With an array or a list of at most 512 keys that are all near, the call allocates only the returned object.</remarks>
    /// <returns>
    /// One result for each distinct key, including misses. The keys of a server that fails are misses; the keys of other servers are not
    /// affected.
    /// </returns>
    /// <exception cref="ArgumentException">A key is invalid; nothing was sent.</exception>
    /// <exception cref="NearCacheException">A server failed and <c>OnRemoteFailure</c> is <c>Throw</c>.</exception>
    ValueTask<IReadOnlyDictionary<string, CacheResult<T>>> GetManyAsync<T>(
        IEnumerable<string> keys, CancellationToken cancellationToken = default);

    /// <summary>Stores many values. All servers are written at once, with pipelined commands.</summary>
    /// <exception cref="ArgumentException">A key is invalid; nothing was sent.</exception>
    /// <exception cref="NearCacheException">
    /// At least one write failed, of the key in <see cref="NearCacheException.Key"/>; the others were attempted. Awaiting the task throws
    /// the first failure; <see cref="Task.Exception"/> has one exception for each key that failed.
    /// </exception>
    Task SetManyAsync<T>(
        IEnumerable<KeyValuePair<string, T>> items, CacheEntryOptions? options = null, CancellationToken cancellationToken = default);

    /// <summary>Removes many keys. All servers are written at once, with pipelined commands.</summary>
    /// <exception cref="ArgumentException">A key is invalid; nothing was sent.</exception>
    /// <exception cref="NearCacheException">
    /// At least one removal failed, as with <see cref="SetManyAsync{T}"/>; the others were attempted.
    /// </exception>
    Task RemoveManyAsync(IEnumerable<string> keys, CancellationToken cancellationToken = default);

    /// <summary>
    /// Adds to a counter, which never falls below 0, and returns its new value. Counters have a separate key space: no rule matches them,
    /// they are never near, and they cause no load on ZooKeeper.
    /// </summary>
    /// <param name="counter">The name of the counter; the rules for keys apply.</param>
    /// <param name="delta">The amount to add; negative to subtract. Default: 1.</param>
    /// <param name="lifetime">The lifetime of a counter that this call creates. Default: unlimited.</param>
    /// <param name="cancellationToken">Cancels the wait; the counter may have changed.</param>
    /// <exception cref="ArgumentException">The name is invalid.</exception>
    /// <exception cref="NearCacheException">The command failed, or its outcome is unknown.</exception>
    /// <exception cref="NotSupportedException">
    /// The remote tier is not memcached; see <see cref="NearCacheOptions.DistributedCache"/>.
    /// </exception>
    Task<long> IncrementAsync(string counter, long delta = 1, TimeSpan? lifetime = null, CancellationToken cancellationToken = default);

    /// <summary>
    /// Adds to a counter whose name is part of a larger text. No string is allocated. See
    /// <see cref="IncrementAsync(string, long, TimeSpan?, CancellationToken)"/>.
    /// </summary>
    /// <exception cref="ArgumentException">The name is invalid.</exception>
    /// <exception cref="NearCacheException">The command failed, or its outcome is unknown.</exception>
    /// <exception cref="NotSupportedException">
    /// The remote tier is not memcached; see <see cref="NearCacheOptions.DistributedCache"/>.
    /// </exception>
    Task<long> IncrementAsync(
        ReadOnlySpan<char> counter, long delta = 1, TimeSpan? lifetime = null, CancellationToken cancellationToken = default) =>
        IncrementAsync(counter.ToString(), delta, lifetime, cancellationToken);

    /// <summary>
    /// Adds to a counter whose name is written as an interpolated string such as <c>$"views:{id}"</c>. The compiler selects this overload.
    /// No string is allocated. See <see cref="IncrementAsync(string, long, TimeSpan?, CancellationToken)"/>.
    /// </summary>
    /// <param name="counter">The interpolated string. It is cleared by the call.</param>
    /// <param name="delta">The amount to add; negative to subtract. Default: 1.</param>
    /// <param name="lifetime">The lifetime of a counter that this call creates. Default: unlimited.</param>
    /// <param name="cancellationToken">Cancels the wait; the counter may have changed.</param>
    /// <exception cref="ArgumentException">The name is invalid.</exception>
    /// <exception cref="NearCacheException">The command failed, or its outcome is unknown.</exception>
    /// <exception cref="NotSupportedException">
    /// The remote tier is not memcached; see <see cref="NearCacheOptions.DistributedCache"/>.
    /// </exception>
    Task<long> IncrementAsync(
        ref DefaultInterpolatedStringHandler counter,
        long delta = 1,
        TimeSpan? lifetime = null,
        CancellationToken cancellationToken = default) =>
        IncrementAsync(counter.ToStringAndClear(), delta, lifetime, cancellationToken);
}
