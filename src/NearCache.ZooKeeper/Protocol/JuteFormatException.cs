namespace NearCache.ZooKeeper.Protocol;

/// <summary>A message that cannot be read: the stream's position is lost, and its connection must be closed.</summary>
internal sealed class JuteFormatException(string message) : Exception(message);
