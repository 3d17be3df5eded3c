namespace NearCache.Remote;

/// <summary>A remote tier whose list of servers can be replaced while it is used.</summary>
internal interface IChangingRemote : IRemote
{
    /// <summary>Makes the remote that has other servers. Servers that are in both lists are the same objects in both.</summary>
    /// <remarks>
    /// The next one owns everything from now on, so that this one must not be disposed. Operations on servers that this one has alone may
    /// still be sent for a moment.
    /// </remarks>
    /// <returns>The next remote, and a task that completes when the connections to servers that are gone are closed.</returns>
    /// <exception cref="ArgumentException">The list has mistakes; nothing was changed.</exception>
    (IChangingRemote Next, Task Retired) Change(IEnumerable<string> servers);
}
