namespace NearCache.Memcached.Protocol;

/// <summary>Which commands may be sent, and which replies answer them.</summary>
internal static class MetaRules
{
    /// <summary>Throws unless the command may be sent.</summary>
    /// <exception cref="ArgumentException">Its key is no legal key, or its value has more than <paramref name="maxValueBytes"/>.</exception>
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
                $"A value has at most {maxValueBytes} bytes (MaxValueBytes, to be no more than the server's item size, its option -I); this one has {command.Value.Length}.",
                nameof(command));
        }
    }

    /// <summary>Whether the reply is one that the command can have. Another one means that the stream's position is lost.</summary>
    public static bool IsLegal(MetaCommandKind kind, MetaFields returned, in MetaReply reply) => reply.Code switch
    {
        MetaReplyCode.Done => kind != MetaCommandKind.NoOp,
        MetaReplyCode.Value => kind is MetaCommandKind.Get or MetaCommandKind.Arithmetic && (returned & MetaFields.Value) != 0,
        MetaReplyCode.Miss => kind == MetaCommandKind.Get,
        MetaReplyCode.NotStored => kind is MetaCommandKind.Set or MetaCommandKind.Arithmetic,
        MetaReplyCode.Exists or MetaReplyCode.NotFound => kind is MetaCommandKind.Set or MetaCommandKind.Delete or MetaCommandKind.Arithmetic,
        MetaReplyCode.NoOp => kind == MetaCommandKind.NoOp,
        MetaReplyCode.ServerError => kind != MetaCommandKind.NoOp,
        MetaReplyCode.ClientError => kind != MetaCommandKind.NoOp && KeepsPosition(reply.Error!),
        _ => false,
    };

    /// <summary>The status of a legal reply.</summary>
    public static MetaStatus StatusOf(MetaReplyCode code) => code switch
    {
        MetaReplyCode.Done or MetaReplyCode.Value or MetaReplyCode.NoOp => MetaStatus.Ok,
        MetaReplyCode.Miss => MetaStatus.Miss,
        MetaReplyCode.NotStored => MetaStatus.NotStored,
        MetaReplyCode.Exists => MetaStatus.Exists,
        MetaReplyCode.NotFound => MetaStatus.NotFound,
        _ => MetaStatus.Error,
    };

    // After these the server goes on with the next command; after others ("bad data chunk", "bad command line format") it may take data for commands.
    private static bool KeepsPosition(string error) =>
        error.Contains("non-numeric", StringComparison.Ordinal)
        || error.Contains("invalid numeric", StringComparison.Ordinal)
        || error.Contains("flag", StringComparison.Ordinal);
}
