# SPDX-License-Identifier: GPL-2.0 OR MIT
# Completion of pvctl for bash: source it, or put it where bash-completion finds it under
# the name pvctl. Commands and options are what the program itself says it has.

# What `pvctl help` lists: commands, or the options of command $1.
_pvctl_help()
{
	if [[ $1 ]]; then
		"$_pvctl" help "$1" 2>/dev/null |
			sed -n '/^options:/,/^$/s/^ \+\(-[a-z], \)\?\(--[a-z-]\+\).*/\2/p'
	else
		"$_pvctl" help 2>/dev/null | sed -n '/^commands:/,/^$/s/^  \([a-z]\+\) .*/\1/p'
	fi
}

# What the option $2 of command $1 takes: FILE, NAME, SIZE, ...; nothing if it has no value.
_pvctl_value()
{
	"$_pvctl" help "$1" 2>/dev/null | sed -n '/^options:/,/^$/p' |
		awk -v option="$2" '{
			for (i = 1; i <= 2; i++) {
				word = $i
				sub(/,$/, "", word)
				if (word == option) {
					value = $(i + 1)
					if (value ~ /^--/)
						value = $(i + 2)
					if (value ~ /^[A-Z]+$/)
						print value
					exit
				}
			}
		}'
}

_pvctl_files()
{
	compopt -o filenames 2>/dev/null
	mapfile -t COMPREPLY < <(compgen -f -- "$1")
}

_pvctl_words()
{
	mapfile -t COMPREPLY < <(compgen -W "$1" -- "$2")
}

_pvctl()
{
	local _pvctl=${COMP_WORDS[0]} cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]}
	local command=${COMP_WORDS[1]} i operands=0

	COMPREPLY=()
	if ((COMP_CWORD == 1)); then
		_pvctl_words "$(_pvctl_help) help --help --version" "$cur"
		return
	fi
	for ((i = 2; i < COMP_CWORD; i++)); do
		# What follows are the guest's words.
		[[ ${COMP_WORDS[i]} == -- ]] && return
		if [[ ${COMP_WORDS[i]} != -* ]]; then
			((operands++))
		elif [[ ${COMP_WORDS[i + 1]} == = ]]; then
			((i += 2))
		elif [[ $(_pvctl_value "$command" "${COMP_WORDS[i]}") ]]; then
			((i++))
		fi
	done
	# --option=value comes in three words.
	[[ $cur == = ]] && cur=
	if [[ $prev == = ]]; then
		prev=${COMP_WORDS[COMP_CWORD - 2]}
	fi
	if [[ $prev == -* ]]; then
		case $(_pvctl_value "$command" "$prev") in
		FILE | ADDRESS) _pvctl_files "$cur"; return ;;
		FORMAT) _pvctl_words "elf crash" "$cur"; return ;;
		LETTER) _pvctl_words "c e h s f m n" "$cur"; return ;;
		SIZE) _pvctl_words "128M 256M 512M 1G 2G 4G" "$cur"; return ;;
		?*) return ;;
		esac
	fi
	if [[ $cur == -* ]]; then
		_pvctl_words "$(_pvctl_help "$command")" "$cur"
		return
	fi
	case $command in
	help) _pvctl_words "$(_pvctl_help)" "$cur" ;;
	stats | destroy) _pvctl_words "$("$_pvctl" list -q 2>/dev/null)" "$cur" ;;
	dump)
		if ((operands == 0)); then
			_pvctl_words "$("$_pvctl" list -q 2>/dev/null)" "$cur"
		else
			_pvctl_files "$cur"
		fi ;;
	esac
}

complete -F _pvctl pvctl
