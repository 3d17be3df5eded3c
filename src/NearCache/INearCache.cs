using System.Runtime.CompilerServices;

namespace NearCache;

/// <summary>A cache with two tiers: memcached behind, and for the keys that a rule matches an in-process near tier in front.</summary>
/// <remarks>
/// <para>
/// Keys are 1 to 250 bytes of UTF-8 together with the configured key prefix, without spaces and control characters, and do not begin with
/// the reserved prefixes <c>~nc:</c> and <c>~tag:</c>. A key that breaks this is an <see cref="ArgumentException"/> before anything is
/// sent.
/// </para>
/// <para>
/// A value comes back with all its state, or its write throws: <see cref="NotSupportedException"/> where values of its type cannot be
/// written or read back, <see cref="ArgumentException"/> where this one cannot. Both name the type and what can be done;
/// <c>docs/values.md</c> has the whole list.
/// </para>
/// <para>
/// A near hit was the newest completed write at some instant no longer than <c>MaxStaleness</c> ago, as long as every writer uses
/// NearCache.
/// </para>
/// <para>All members may be called from any thread at any time.</para>
/// </remarks>
public interface INearCache
{
    /// <summary>Looks a key up: near, then in memcached.</summary>
    /// <typeparam name="T">
    /// What the value was stored as. A value of another shape, or that cannot be read, is a miss, counted and logged; <see cref="object"/>
    /// is read as a <see cref="System.Text.Json.JsonElement"/>.
    /// </typeparam>
    /// <returns>
    /// The value and where it came from; <see cref="CacheSource.None"/> on a miss. Completed already when the hit was near.
    /// </returns>
    /// <exception cref="ArgumentException">The key cannot be a key.</exception>
    /// <exception cref="NearCacheException">
    /// memcached failed and <c>OnRemoteFailure</c> is <c>Throw</c>; by default that is a miss.
    /// </exception>
    ValueTask<CacheResult<T>> GetAsync<T>(string key, CancellationToken cancellationToken = default);

    /// <summary>
    /// As <see cref="GetAsync{T}(string, CancellationToken)"/>, for a key that is a part of something. It becomes a string only when there
    /// is no near hit.
    /// </summary>
    /// <exception cref="ArgumentException">The key cannot be a key.</exception>
    /// <exception cref="NearCacheException">
    /// memcached failed and <c>OnRemoteFailure</c> is <c>Throw</c>; by default that is a miss.
    /// </exception>
    ValueTask<CacheResult<T>> GetAsync<T>(ReadOnlySpan<char> key, CancellationToken cancellationToken = default) =>
        GetAsync<T>(key.ToString(), cancellationToken);

    /// <summary>
    /// As <see cref="GetAsync{T}(string, CancellationToken)"/>, for a key that is written as <c>$"product:{id}"</c>: the compiler chooses
    /// this one. It becomes a string only when there is no near hit, which so allocates nothing.
    /// </summary>
    /// <param name="key">What the compiler makes of the interpolated string. It is used up.</param>
    /// <param name="cancellationToken">Gives up the wait.</param>
    /// <exception cref="ArgumentException">The key cannot be a key.</exception>
    /// <exception cref="NearCacheException">
    /// memcached failed and <c>OnRemoteFailure</c> is <c>Throw</c>; by default that is a miss.
    /// </exception>
    ValueTask<CacheResult<T>> GetAsync<T>(ref DefaultInterpolatedStringHandler key, CancellationToken cancellationToken = default) =>
        GetAsync<T>(key.ToStringAndClear(), cancellationToken);

    /// <summary>Looks a key up, and on a miss asks <paramref name="factory"/> and stores what it returned.</summary>
    /// <remarks>
    /// <para>
    /// One caller in this process runs the factory of a key, and (with leases) one process of the fleet; the others wait for its answer.
    /// Cancelling gives up one caller's wait; the factory's token is cancelled when the last caller has left.
    /// </para>
    /// <para>
    /// A factory that began before a <see cref="RemoveAsync"/> or a set of its key is not joined by a call that began after it, and what it
    /// returns does not replace what was set.
    /// </para>
    /// <para>
    /// What a factory returned is stored without telling other processes: it is a read of the source. Where
    /// <see cref="CacheEntryOptions.EagerRefresh"/> or <see cref="CacheEntryOptions.FactorySoftTimeout"/> is set, a factory may run on
    /// after its caller was answered: it must not use what ends with the caller's request.
    /// </para>
    /// </remarks>
    /// <exception cref="ArgumentException">The key cannot be a key.</exception>
    /// <exception cref="NearCacheException">
    /// memcached failed and <c>OnRemoteFailure</c> is <c>Throw</c>, or the factory was given up (<see cref="FactoryTimeoutException"/>).
    /// </exception>
    ValueTask<T> GetOrCreateAsync<T>(
        string key,
        Func<CancellationToken, ValueTask<T>> factory,
        CacheEntryOptions? options = null,
        CancellationToken cancellationToken = default);

    /// <summary>
    /// As <see cref="GetOrCreateAsync{T}(string, Func{CancellationToken, ValueTask{T}}, CacheEntryOptions?, CancellationToken)"/>, for a
    /// key that is a part of something. It becomes a string only when there is no near hit.
    /// </summary>
    /// <exception cref="ArgumentException">The key cannot be a key.</exception>
    /// <exception cref="NearCacheException">
    /// memcached failed and <c>OnRemoteFailure</c> is <c>Throw</c>, or the factory was given up (<see cref="FactoryTimeoutException"/>).
    /// </exception>
    ValueTask<T> GetOrCreateAsync<T>(
        ReadOnlySpan<char> key,
        Func<CancellationToken, ValueTask<T>> factory,
        CacheEntryOptions? options = null,
        CancellationToken cancellationToken = default) =>
        GetOrCreateAsync(key.ToString(), factory, options, cancellationToken);

    /// <summary>
    /// As <see cref="GetOrCreateAsync{T}(string, Func{CancellationToken, ValueTask{T}}, CacheEntryOptions?, CancellationToken)"/>, for a
    /// key that is written as <c>$"product:{id}"</c>: the compiler chooses this one. It becomes a string only when there is no near hit.
    /// </summary>
    /// <param name="key">What the compiler makes of the interpolated string. It is used up.</param>
    /// <param name="factory">The source. One that captures nothing costs nothing; give what it needs as its state otherwise.</param>
    /// <param name="options">What is to hold for this call.</param>
    /// <param name="cancellationToken">Gives up the wait.</param>
    /// <exception cref="ArgumentException">The key cannot be a key.</exception>
    /// <exception cref="NearCacheException">
    /// memcached failed and <c>OnRemoteFailure</c> is <c>Throw</c>, or the factory was given up (<see cref="FactoryTimeoutException"/>).
    /// </exception>
    ValueTask<T> GetOrCreateAsync<T>(
        ref DefaultInterpolatedStringHandler key, Func<CancellationToken, ValueTask<T>> factory, CacheEntryOptions? options = null, CancellationToken cancellationToken = default) =>
        GetOrCreateAsync(key.ToStringAndClear(), factory, options, cancellationToken);

    /// <summary>
    /// As <see cref="GetOrCreateAsync{T}(string, Func{CancellationToken, ValueTask{T}}, CacheEntryOptions?, CancellationToken)"/>, for a
    /// factory that takes its arguments as <paramref name="state"/> and so needs no closure.
    /// </summary>
    /// <exception cref="ArgumentException">The key cannot be a key.</exception>
    /// <exception cref="NearCacheException">memcached failed and <c>OnRemoteFailure</c> is <c>Throw</c>.</exception>
    ValueTask<T> GetOrCreateAsync<TState, T>(
        string key,
        TState state,
        Func<TState, CancellationToken, ValueTask<T>> factory,
        CacheEntryOptions? options = null,
        CancellationToken cancellationToken = default);

    /// <summary>
    /// As
    /// <see cref="GetOrCreateAsync{TState, T}(string, TState, Func{TState, CancellationToken, ValueTask{T}}, CacheEntryOptions?, CancellationToken)"/>,
    /// for a key that is a part of something. It becomes a string only when there is no near hit.
    /// </summary>
    /// <exception cref="ArgumentException">The key cannot be a key.</exception>
    /// <exception cref="NearCacheException">memcached failed and <c>OnRemoteFailure</c> is <c>Throw</c>.</exception>
    ValueTask<T> GetOrCreateAsync<TState, T>(
        ReadOnlySpan<char> key, TState state, Func<TState, CancellationToken, ValueTask<T>> factory, CacheEntryOptions? options = null, CancellationToken cancellationToken = default) =>
        GetOrCreateAsync(key.ToString(), state, factory, options, cancellationToken);

    /// <summary>
    /// As
    /// <see cref="GetOrCreateAsync{TState, T}(string, TState, Func{TState, CancellationToken, ValueTask{T}}, CacheEntryOptions?, CancellationToken)"/>,
    /// for a key that is written as <c>$"product:{id}"</c>: the compiler chooses this one. It becomes a string only when there is no near
    /// hit, which so allocates nothing.
    /// </summary>
    /// <param name="key">What the compiler makes of the interpolated string. It is used up.</param>
    /// <param name="state">Handed to the factory.</param>
    /// <param name="factory">The source.</param>
    /// <param name="options">What is to hold for this call.</param>
    /// <param name="cancellationToken">Gives up the wait.</param>
    /// <exception cref="ArgumentException">The key cannot be a key.</exception>
    /// <exception cref="NearCacheException">memcached failed and <c>OnRemoteFailure</c> is <c>Throw</c>.</exception>
    ValueTask<T> GetOrCreateAsync<TState, T>(
        ref DefaultInterpolatedStringHandler key, TState state, Func<TState, CancellationToken, ValueTask<T>> factory, CacheEntryOptions? options = null, CancellationToken cancellationToken = default) =>
        GetOrCreateAsync(key.ToStringAndClear(), state, factory, options, cancellationToken);

    /// <summary>
    /// As <see cref="GetOrCreateAsync{T}(string, Func{CancellationToken, ValueTask{T}}, CacheEntryOptions?, CancellationToken)"/>, and
    /// tells where the value came from.
    /// </summary>
    /// <exception cref="ArgumentException">The key cannot be a key.</exception>
    /// <exception cref="NearCacheException">memcached failed and <c>OnRemoteFailure</c> is <c>Throw</c>.</exception>
    ValueTask<CacheResult<T>> GetOrCreateResultAsync<T>(
        string key,
        Func<CancellationToken, ValueTask<T>> factory,
        CacheEntryOptions? options = null,
        CancellationToken cancellationToken = default);

    /// <summary>
    /// As <see cref="GetOrCreateResultAsync{T}(string, Func{CancellationToken, ValueTask{T}}, CacheEntryOptions?, CancellationToken)"/>,
    /// for a key that is a part of something. It becomes a string only when there is no near hit.
    /// </summary>
    /// <exception cref="ArgumentException">The key cannot be a key.</exception>
    /// <exception cref="NearCacheException">memcached failed and <c>OnRemoteFailure</c> is <c>Throw</c>.</exception>
    ValueTask<CacheResult<T>> GetOrCreateResultAsync<T>(
        ReadOnlySpan<char> key, Func<CancellationToken, ValueTask<T>> factory, CacheEntryOptions? options = null, CancellationToken cancellationToken = default) =>
        GetOrCreateResultAsync(key.ToString(), factory, options, cancellationToken);

    /// <summary>
    /// As <see cref="GetOrCreateResultAsync{T}(string, Func{CancellationToken, ValueTask{T}}, CacheEntryOptions?, CancellationToken)"/>,
    /// for a key that is written as <c>$"product:{id}"</c>: the compiler chooses this one. It becomes a string only when there is no near
    /// hit.
    /// </summary>
    /// <param name="key">What the compiler makes of the interpolated string. It is used up.</param>
    /// <param name="factory">The source.</param>
    /// <param name="options">What is to hold for this call.</param>
    /// <param name="cancellationToken">Gives up the wait.</param>
    /// <exception cref="ArgumentException">The key cannot be a key.</exception>
    /// <exception cref="NearCacheException">memcached failed and <c>OnRemoteFailure</c> is <c>Throw</c>.</exception>
    ValueTask<CacheResult<T>> GetOrCreateResultAsync<T>(
        ref DefaultInterpolatedStringHandler key, Func<CancellationToken, ValueTask<T>> factory, CacheEntryOptions? options = null, CancellationToken cancellationToken = default) =>
        GetOrCreateResultAsync(key.ToStringAndClear(), factory, options, cancellationToken);

    /// <summary>
    /// Stores a value. When the call has returned, a near hit anywhere is older than it for at most <c>MaxStaleness</c>, usually for
    /// milliseconds.
    /// </summary>
    /// <exception cref="ArgumentException">The key cannot be a key.</exception>
    /// <exception cref="NearCacheException">
    /// The write failed, or nobody knows whether it did (<see cref="NearCacheException.OutcomeUnknown"/>).
    /// </exception>
    Task SetAsync<T>(string key, T value, CacheEntryOptions? options = null, CancellationToken cancellationToken = default);

    /// <summary>Stores a value if the key is absent.</summary>
    /// <returns>False when a value was there already.</returns>
    /// <exception cref="ArgumentException">The key cannot be a key.</exception>
    /// <exception cref="NearCacheException">The write failed, or nobody knows whether it did.</exception>
    /// <exception cref="NotSupportedException">
    /// The remote is not memcached: see <see cref="NearCacheOptions.DistributedCache"/>.
    /// </exception>
    Task<bool> AddAsync<T>(string key, T value, CacheEntryOptions? options = null, CancellationToken cancellationToken = default);

    /// <summary>Stores a value if the key still holds what was read with <paramref name="version"/>.</summary>
    /// <param name="version">From <see cref="CacheResult{T}.Version"/> of a read.</param>
    /// <remarks>
    /// On a new connection to its server, the server's counters are read first: a version of before a restart matches nothing of after it.
    /// </remarks>
    /// <returns>False when the key was changed or removed since, or its server has lost its items.</returns>
    /// <exception cref="ArgumentException">The key cannot be a key, or the version is <see cref="CacheVersion.None"/>.</exception>
    /// <exception cref="NearCacheException">The write failed, or nobody knows whether it did.</exception>
    /// <exception cref="NotSupportedException">
    /// The remote is not memcached: see <see cref="NearCacheOptions.DistributedCache"/>.
    /// </exception>
    Task<bool> CompareAndSetAsync<T>(
        string key, T value, CacheVersion version, CacheEntryOptions? options = null, CancellationToken cancellationToken = default);

    /// <summary>Sets how long a key lives from now on. The value stays.</summary>
    /// <returns>False when the key is absent.</returns>
    /// <exception cref="ArgumentException">The key cannot be a key.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The lifetime is below a second.</exception>
    /// <exception cref="NearCacheException">The write failed, or nobody knows whether it did.</exception>
    /// <exception cref="NotSupportedException">
    /// The remote is not memcached: see <see cref="NearCacheOptions.DistributedCache"/>.
    /// </exception>
    Task<bool> TouchAsync(string key, TimeSpan lifetime, CancellationToken cancellationToken = default);

    /// <summary>Removes a key.</summary>
    /// <returns>False when it was absent.</returns>
    /// <exception cref="ArgumentException">The key cannot be a key.</exception>
    /// <exception cref="NearCacheException">The removal failed, or nobody knows whether it did.</exception>
    Task<bool> RemoveAsync(string key, CancellationToken cancellationToken = default);

    /// <summary>Looks many keys up, all servers at once and pipelined.</summary>
    /// <returns>
    /// A result for each distinct key, misses included. The keys of a server that cannot be asked are misses; those of the others are not
    /// affected.
    /// </returns>
    /// <exception cref="ArgumentException">One of the keys cannot be a key; nothing was sent.</exception>
    /// <exception cref="NearCacheException">A server failed and <c>OnRemoteFailure</c> is <c>Throw</c>.</exception>
    ValueTask<IReadOnlyDictionary<string, CacheResult<T>>> GetManyAsync<T>(
        IEnumerable<string> keys, CancellationToken cancellationToken = default);

    /// <summary>Stores many values, all servers at once and pipelined.</summary>
    /// <exception cref="ArgumentException">One of the keys cannot be a key; nothing was sent.</exception>
    /// <exception cref="NearCacheException">
    /// At least one write failed, of the key that <see cref="NearCacheException.Key"/> names; the others were tried all the same. Whoever
    /// awaits the task sees the first failure, its <see cref="Task.Exception"/> has one of each key that failed.
    /// </exception>
    Task SetManyAsync<T>(
        IEnumerable<KeyValuePair<string, T>> items, CacheEntryOptions? options = null, CancellationToken cancellationToken = default);

    /// <summary>Removes many keys, all servers at once and pipelined.</summary>
    /// <exception cref="ArgumentException">One of the keys cannot be a key; nothing was sent.</exception>
    /// <exception cref="NearCacheException">
    /// At least one removal failed, as with <see cref="SetManyAsync{T}"/>; the others were tried all the same.
    /// </exception>
    Task RemoveManyAsync(IEnumerable<string> keys, CancellationToken cancellationToken = default);

    /// <summary>
    /// Counts a counter up (or down, not below 0) and returns its new value. Counters have a key space of their own: no rule can match
    /// them, they are never near, and cost ZooKeeper nothing.
    /// </summary>
    /// <param name="counter">The counter's name; the rules for keys hold.</param>
    /// <param name="delta">By how much. Default 1.</param>
    /// <param name="lifetime">How long a counter that is made by this call lives. Default: for ever.</param>
    /// <param name="cancellationToken">Gives up the answer; the counting may have happened.</param>
    /// <exception cref="ArgumentException">The name cannot be a key.</exception>
    /// <exception cref="NearCacheException">The command failed, or nobody knows whether it did.</exception>
    /// <exception cref="NotSupportedException">
    /// The remote is not memcached: see <see cref="NearCacheOptions.DistributedCache"/>.
    /// </exception>
    Task<long> IncrementAsync(string counter, long delta = 1, TimeSpan? lifetime = null, CancellationToken cancellationToken = default);

    /// <summary>
    /// As <see cref="IncrementAsync(string, long, TimeSpan?, CancellationToken)"/>, for a name that is a part of something. It becomes no
    /// string.
    /// </summary>
    /// <exception cref="ArgumentException">The name cannot be a key.</exception>
    /// <exception cref="NearCacheException">The command failed, or nobody knows whether it did.</exception>
    /// <exception cref="NotSupportedException">
    /// The remote is not memcached: see <see cref="NearCacheOptions.DistributedCache"/>.
    /// </exception>
    Task<long> IncrementAsync(
        ReadOnlySpan<char> counter, long delta = 1, TimeSpan? lifetime = null, CancellationToken cancellationToken = default) =>
        IncrementAsync(counter.ToString(), delta, lifetime, cancellationToken);

    /// <summary>
    /// As <see cref="IncrementAsync(string, long, TimeSpan?, CancellationToken)"/>, for a name that is written as <c>$"views:{id}"</c>: the
    /// compiler chooses this one. It becomes no string.
    /// </summary>
    /// <param name="counter">What the compiler makes of the interpolated string. It is used up.</param>
    /// <param name="delta">By how much. Default 1.</param>
    /// <param name="lifetime">How long a counter that is made by this call lives. Default: for ever.</param>
    /// <param name="cancellationToken">Gives up the answer; the counting may have happened.</param>
    /// <exception cref="ArgumentException">The name cannot be a key.</exception>
    /// <exception cref="NearCacheException">The command failed, or nobody knows whether it did.</exception>
    /// <exception cref="NotSupportedException">
    /// The remote is not memcached: see <see cref="NearCacheOptions.DistributedCache"/>.
    /// </exception>
    Task<long> IncrementAsync(
        ref DefaultInterpolatedStringHandler counter,
        long delta = 1,
        TimeSpan? lifetime = null,
        CancellationToken cancellationToken = default) =>
        IncrementAsync(counter.ToStringAndClear(), delta, lifetime, cancellationToken);
}
