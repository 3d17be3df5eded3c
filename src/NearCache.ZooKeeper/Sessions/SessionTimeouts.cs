namespace NearCache.ZooKeeper.Sessions;

/// <summary>The durations that a session is led by.</summary>
/// <param name="Asked">The session timeout that the servers are asked for.</param>
/// <param name="Liveness">After how long a silent server is given up; null: a third of what was granted.</param>
internal readonly record struct SessionTimeouts(TimeSpan Asked, TimeSpan? Liveness);
