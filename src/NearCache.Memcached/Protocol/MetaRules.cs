namespace NearCache.Memcached.Protocol;

/// <summary>Validates commands and maps reply codes to statuses.</summary>
internal static class MetaRules
{
    private const MetaFields All = (MetaFields)127;

    /// <summary>Throws unless the command is valid.</summary>
    /// <exception cref="ArgumentException">Its key is invalid, or its value is longer than <paramref name="maxValueBytes"/>.</exception>
    public static void Check(in MetaCommand command, ReadOnlySpan<byte> key, int maxValueBytes)
    {
        if (command.Kind == MetaCommandKind.NoOp)
        {
            return;
        }

        if (command.Kind is < MetaCommandKind.Get or > MetaCommandKind.NoOp)
        {
            throw new ArgumentException($"There is no command {command.Kind}.", nameof(command));
        }

        MemcachedKey.Check(key, command.IsBinaryKey);
        if (command.Value.Length > maxValueBytes)
        {
            throw new ArgumentException(
                $"A value has at most {maxValueBytes} bytes (MaxValueBytes, which must not exceed the server's item size, option -I); "
                + $"this one has {command.Value.Length}.",
                nameof(command));
        }

        // The server would reply with a time to live that wraps around.
        if (command.TimeToLive < 0 || command.Vivify < 0 || command.Recache < 0)
        {
            throw new ArgumentException(
                $"TimeToLive, Vivify and Recache are seconds, at least 0; they are {command.TimeToLive}, {command.Vivify} and "
                + $"{command.Recache}.",
                nameof(command));
        }

        if (command is { Kind: MetaCommandKind.Arithmetic, CompareCas: 0 })
        {
            throw new ArgumentException("CompareCas is 0, which is no CAS: memcached would count without comparing.", nameof(command));
        }
    }

    /// <summary>Returns the fields that the command requests on the wire.</summary>
    public static MetaFields FieldsOf(in MetaCommand command) => command.Kind switch
    {
        // Without any flag, get is an error before memcached 1.6.18; the size is the cheapest field.
        MetaCommandKind.Get => command.Return == MetaFields.None && command.TimeToLive is null ? MetaFields.Size : command.Return & All,
        MetaCommandKind.Set => command.Return & MetaFields.Cas,
        MetaCommandKind.Arithmetic => command.Return & (MetaFields.Value | MetaFields.Cas | MetaFields.TimeToLive),
        _ => MetaFields.None,
    };

    /// <summary>Returns the status of a legal reply.</summary>
    public static MetaStatus StatusOf(MetaReplyCode code) => code switch
    {
        MetaReplyCode.Done or MetaReplyCode.Value or MetaReplyCode.NoOp => MetaStatus.Ok,
        MetaReplyCode.Miss => MetaStatus.Miss,
        MetaReplyCode.NotStored => MetaStatus.NotStored,
        MetaReplyCode.Exists => MetaStatus.Exists,
        MetaReplyCode.NotFound => MetaStatus.NotFound,
        _ => MetaStatus.Error,
    };
}
