namespace NearCache.ZooKeeper.Sessions;

/// <summary>What a request queue holds at most.</summary>
/// <param name="Message">Bytes of one message.</param>
/// <param name="Outstanding">Requests that are written but not answered.</param>
/// <param name="Bytes">Bytes that are written but not sent.</param>
/// <param name="Waiting">Requests that wait to be written.</param>
internal readonly record struct QueueLimits(int Message, int Outstanding, int Bytes, int Waiting);
